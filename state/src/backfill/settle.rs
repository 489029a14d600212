//! Decides what becomes of each file that was read: its thread's row, a copy of another, or nothing at all.

use std::collections::HashMap;

use sqlx::{Row as _, SqliteConnection};
use threadkeep_backfill::{CommitError, CommitReport, Duplicate};
use uuid::Uuid;

use super::commit::backend;
use super::index::{ThreadContent, ThreadIndex};
use crate::threads::Claim;

/// A file of the batch with its thread.
pub(super) struct Read<'a> {
    pub(super) path: &'a str,
    pub(super) fingerprint: &'a str,
    pub(super) thread: &'a ThreadContent,
}

/// What becomes of a file that was read.
pub(super) enum Lot {
    Indexed,
    Duplicate { of: String },
    Deleted,
}

/// Decides for each file whether its thread's row is its own: among themselves, and against those indexed before.
pub(super) async fn settle(
    index: &ThreadIndex,
    conn: &mut SqliteConnection,
    read: &[Read<'_>],
    report: &mut CommitReport,
) -> Result<Vec<Lot>, CommitError> {
    let ids: Vec<&str> = read.iter().map(|file| file.thread.upsert.columns.id.as_str()).collect();
    let ids = serde_json::to_string(&ids).map_err(backend)?;
    let deleted = deleted_threads(index, conn, &ids).await?;

    // The best claim on each thread. One whose file is gone is none: the file was moved to where we found it.
    let mut incumbents = incumbents(conn, &ids).await?;
    incumbents.retain(|_, claim| index.home.absolute(&claim.path).exists());
    let mut best = incumbents.clone();
    for file in read {
        let claim = file.thread.upsert.claim();
        let id = file.thread.upsert.id;
        // A file's own earlier reading does not compete with it.
        if best.get(&id).is_none_or(|other| other.path == claim.path || claim.beats(other, id)) {
            best.insert(id, claim);
        }
    }

    let mut displaced: Vec<(String, String)> = Vec::new();
    for (id, incumbent) in &incumbents {
        let winner = &best.get(id).unwrap_or(incumbent).path;
        let in_batch = read.iter().any(|file| file.path == incumbent.path);
        if *winner != incumbent.path && !in_batch {
            displaced.push((incumbent.path.clone(), winner.clone()));
        }
    }
    displace(conn, &displaced).await?;
    report.duplicates.extend(displaced.into_iter().map(|(key, of)| Duplicate { key, of }));

    Ok(read
        .iter()
        .map(|file| match best.get(&file.thread.upsert.id) {
            _ if deleted.contains(&file.thread.upsert.id) => Lot::Deleted,
            Some(winner) if winner.path != file.path => Lot::Duplicate { of: winner.path.clone() },
            _ => Lot::Indexed,
        })
        .collect())
}

/// The threads of a batch that the user deleted; none, if they are to be brought back.
async fn deleted_threads(
    index: &ThreadIndex,
    conn: &mut SqliteConnection,
    ids: &str,
) -> Result<Vec<Uuid>, CommitError> {
    if index.options.include_deleted {
        sqlx::query("DELETE FROM deleted_threads WHERE thread_id IN (SELECT value FROM json_each(?1))")
            .bind(ids)
            .execute(conn)
            .await
            .map_err(backend)?;
        return Ok(Vec::new());
    }
    let rows = sqlx::query(
        "SELECT thread_id FROM deleted_threads WHERE thread_id IN (SELECT value FROM json_each(?1))",
    )
    .bind(ids)
    .fetch_all(conn)
    .await
    .map_err(backend)?;
    rows.iter().map(|row| Uuid::try_parse(row.try_get(0).map_err(backend)?).map_err(backend)).collect()
}

/// The rows that the threads of a batch have so far.
async fn incumbents(conn: &mut SqliteConnection, ids: &str) -> Result<HashMap<Uuid, Claim>, CommitError> {
    let rows = sqlx::query(
        "SELECT id, rollout_path, updated_at_ms, rollout_archived FROM threads \
         WHERE id IN (SELECT value FROM json_each(?1)) AND missing_since_ms IS NULL",
    )
    .bind(ids)
    .fetch_all(conn)
    .await
    .map_err(backend)?;
    rows.iter()
        .map(|row| {
            let id = Uuid::try_parse(row.try_get(0).map_err(backend)?).map_err(backend)?;
            let claim = Claim {
                path: row.try_get(1).map_err(backend)?,
                updated_at_ms: row.try_get(2).map_err(backend)?,
                archived: row.try_get(3).map_err(backend)?,
            };
            Ok((id, claim))
        })
        .collect()
}

/// Makes copies of files that had the row until now.
async fn displace(conn: &mut SqliteConnection, displaced: &[(String, String)]) -> Result<(), CommitError> {
    for (path, winner) in displaced {
        sqlx::query("UPDATE rollouts SET outcome = 'duplicate', reason = ?2 WHERE path = ?1")
            .bind(path)
            .bind(winner)
            .execute(&mut *conn)
            .await
            .map_err(backend)?;
    }
    Ok(())
}

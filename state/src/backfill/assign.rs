//! Assigns each thread to one of the files that have its id.

use std::collections::{HashMap, HashSet};

use sqlx::SqliteConnection;
use threadkeep_backfill::{Item, Problem, ProblemKind};
use threadkeep_rollout::SESSION_INDEX;
use threadkeep_sqlite::{RowReader, json, uuid_text};
use uuid::Uuid;

use super::content::{CommitReport, ThreadContent, ThreadIndex};
use super::source::HomeItem;
use crate::deletion::restore_in_index;
use crate::deletion::tombstones::TOMBSTONES;
use crate::home::is_gone;
use crate::threads::{Claim, are_parts};

/// A file of the batch with its thread.
pub(super) struct FileRead<'a> {
    pub(super) item: &'a Item<HomeItem>,
    pub(super) thread: Box<ThreadContent>,
}

/// The result for a file that was read.
pub(super) enum Assignment {
    /// The file has the thread's row.
    Indexed,
    /// Another file has it, which has the newer part of the thread's history.
    Part { of: String },
    /// Another file has it, which has the same part.
    Duplicate { of: String },
    /// The user deleted the thread.
    Deleted,
}

/// Assigns the threads of a batch to its files or to files that were indexed before.
pub(super) async fn assign_threads<'a>(
    index: &ThreadIndex,
    conn: &mut SqliteConnection,
    mut read: Vec<FileRead<'a>>,
    report: &mut CommitReport,
    now_ms: i64,
) -> Result<Vec<(FileRead<'a>, Assignment)>, sqlx::Error> {
    let ids: Vec<&str> = read.iter().map(|file| file.thread.upsert.columns.id.as_str()).collect();
    let deleted = deleted_threads(index, conn, &read, report, now_ms).await?;
    let mut incumbents = claims_in_index(conn, &ids).await?;
    for file in &mut read {
        let upsert = &mut file.thread.upsert;
        let is_archived = upsert.columns.rollout_archived == 1;
        let has_moved = incumbents.get(&upsert.id).is_some_and(|before| before.archived != is_archived);
        upsert.moved_at_ms = has_moved.then_some(file.thread.changed_at_ms);
    }
    // A file that is gone has no claim: it was moved to where this batch found it.
    incumbents.retain(|_, claim| !is_gone(&index.home.absolute(&claim.path)));

    // A file of the batch competes with its new content.
    let claims: HashMap<&str, (Uuid, Claim)> = read
        .iter()
        .map(|file| (file.item.key.as_str(), (file.thread.upsert.id, file.thread.upsert.claim())))
        .collect();
    let mut best: HashMap<Uuid, &Claim> = incumbents
        .iter()
        .filter(|(_, claim)| !claims.contains_key(claim.path.as_str()))
        .map(|(id, claim)| (*id, claim))
        .collect();
    for (id, claim) in claims.values() {
        if best.get(id).is_none_or(|other| claim.beats(other, *id)) {
            best.insert(*id, claim);
        }
    }

    for (id, before) in &incumbents {
        match (claims.get(before.path.as_str()), best.get(id)) {
            // The file lost content: copies that were worse may now be better.
            (Some((same, now)), _) if same == id && before.beats(now, *id) => {
                report.requeue.extend(
                    copies(conn, *id).await?.into_iter().filter(|path| !claims.contains_key(path.as_str())),
                );
            }
            (None, Some(winner)) if winner.path != before.path => {
                demote(conn, *id, &before.path, &winner.path).await?;
                if !are_parts(*id, &before.path, &winner.path) {
                    let kind = ProblemKind::Duplicate { of: winner.path.clone() };
                    report.problems.push(Problem { key: before.path.clone(), kind });
                }
            }
            _ => {}
        }
    }

    let assignments: Vec<Assignment> = read
        .iter()
        .map(|file| match best.get(&file.thread.upsert.id) {
            _ if deleted.contains(&file.thread.upsert.id) => Assignment::Deleted,
            Some(winner) if winner.path != file.item.key => {
                let of = winner.path.clone();
                if are_parts(file.thread.upsert.id, &file.item.key, &of) {
                    Assignment::Part { of }
                } else {
                    Assignment::Duplicate { of }
                }
            }
            _ => Assignment::Indexed,
        })
        .collect();
    Ok(read.into_iter().zip(assignments).collect())
}

/// Returns the known copies of a thread's file.
async fn copies(conn: &mut SqliteConnection, id: Uuid) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT path FROM rollouts WHERE thread_id = ?1 AND outcome = 'duplicate'")
        .bind(uuid_text(id))
        .fetch_all(conn)
        .await
}

/// Returns the threads of a batch that the user deleted. If the run includes those, it restores
/// them instead.
async fn deleted_threads(
    index: &ThreadIndex,
    conn: &mut SqliteConnection,
    read: &[FileRead<'_>],
    report: &mut CommitReport,
    now_ms: i64,
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let ids = read.iter().map(|file| file.thread.upsert.id);
    let deleted = TOMBSTONES.deleted_among(conn, ids).await?;
    if deleted.is_empty() || !index.options.include_deleted {
        return Ok(deleted);
    }
    restore_in_index(conn, &deleted.into_iter().collect::<Vec<_>>(), now_ms).await?;
    // The file that names threads was read without their names.
    report.requeue.push(SESSION_INDEX.to_owned());
    Ok(HashSet::new())
}

/// Returns the claims of the files that the index has the threads from.
async fn claims_in_index(
    conn: &mut SqliteConnection,
    ids: &[&str],
) -> Result<HashMap<Uuid, Claim>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, rollout_path, updated_at_ms, rollout_archived FROM threads \
         WHERE id IN (SELECT value FROM json_each(?1)) AND missing_since_ms IS NULL",
    )
    .bind(json(ids))
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let mut row = RowReader::new(row);
            let id = row.uuid()?;
            Ok((id, Claim { path: row.column()?, updated_at_ms: row.column()?, archived: row.column()? }))
        })
        .collect()
}

/// Gives the row of a thread from one file to another. What was a part or a copy of the one is a
/// part or a copy of the other.
async fn demote(conn: &mut SqliteConnection, id: Uuid, path: &str, winner: &str) -> Result<(), sqlx::Error> {
    let problem = (!are_parts(id, path, winner)).then_some("duplicate");
    let demote = sqlx::query("UPDATE rollouts SET outcome = 'duplicate', problem = ?2 WHERE path = ?1");
    demote.bind(path).bind(problem).execute(&mut *conn).await?;
    let follow =
        sqlx::query("UPDATE rollouts SET detail = ?2 WHERE thread_id = ?1 AND outcome = 'duplicate'");
    follow.bind(uuid_text(id)).bind(winner).execute(conn).await?;
    Ok(())
}

//! Decides what becomes of each file that was read: its thread's row, a copy of another, or nothing at all.

use std::collections::{HashMap, HashSet};

use sqlx::{Row as _, SqliteConnection};
use threadkeep_backfill::{CommitError, Duplicate, Item};
use threadkeep_rollout::SESSION_INDEX;
use threadkeep_sqlite::text_of;
use uuid::Uuid;

use super::commit::{CommitReport, backend};
use super::index::{ThreadContent, ThreadIndex};
use super::source::HomeItem;
use crate::deletion::restore_in_index;
use crate::deletion::tombstones::TOMBSTONES;
use crate::home::is_gone;
use crate::threads::Claim;

/// A file of the batch with its thread.
pub(super) struct Read<'a> {
    pub(super) item: &'a Item<HomeItem>,
    pub(super) thread: &'a ThreadContent,
}

/// What becomes of a file that was read.
pub(super) enum Lot {
    Indexed,
    Duplicate { of: String },
    Deleted,
}

/// Decides for each file whether its thread's row is its own: among themselves, and against those indexed before.
pub(super) async fn settle<'a>(
    index: &ThreadIndex,
    conn: &mut SqliteConnection,
    read: Vec<Read<'a>>,
    report: &mut CommitReport,
    now_ms: i64,
) -> Result<Vec<(Read<'a>, Lot)>, CommitError> {
    let ids: Vec<&str> = read.iter().map(|file| file.thread.upsert.columns.id.as_str()).collect();
    let ids = serde_json::to_string(&ids).map_err(backend)?;
    let deleted = deleted_threads(index, conn, &read, report, now_ms).await?;
    let mut incumbents = incumbents(conn, &ids).await?;
    // One whose file is gone has no claim: the file was moved to where we found it.
    incumbents.retain(|_, claim| !is_gone(&index.home.absolute(&claim.path)));

    // One that is in the batch itself competes with what it says now.
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
            // It says less than it did: copies that were worse may now be better.
            (Some((same, now)), _) if same == id && before.beats(now, *id) => {
                report.requeue.extend(
                    copies(conn, *id).await?.into_iter().filter(|path| !claims.contains_key(path.as_str())),
                );
            }
            (None, Some(winner)) if winner.path != before.path => {
                displace(conn, &before.path, &winner.path).await?;
                report.duplicates.push(Duplicate { key: before.path.clone(), of: winner.path.clone() });
            }
            _ => {}
        }
    }

    let lots: Vec<Lot> = read
        .iter()
        .map(|file| match best.get(&file.thread.upsert.id) {
            _ if deleted.contains(&file.thread.upsert.id) => Lot::Deleted,
            Some(winner) if winner.path != file.item.key => Lot::Duplicate { of: winner.path.clone() },
            _ => Lot::Indexed,
        })
        .collect();
    Ok(read.into_iter().zip(lots).collect())
}

/// The files that were found to be copies of a thread's.
async fn copies(conn: &mut SqliteConnection, id: Uuid) -> Result<Vec<String>, CommitError> {
    let rows = sqlx::query("SELECT path FROM rollouts WHERE thread_id = ?1 AND outcome = 'duplicate'")
        .bind(text_of(id))
        .fetch_all(conn)
        .await
        .map_err(backend)?;
    rows.iter().map(|row| row.try_get(0).map_err(backend)).collect()
}

/// The threads of a batch that the user deleted; none, if they are to be brought back.
async fn deleted_threads(
    index: &ThreadIndex,
    conn: &mut SqliteConnection,
    read: &[Read<'_>],
    report: &mut CommitReport,
    now_ms: i64,
) -> Result<HashSet<Uuid>, CommitError> {
    let ids = || read.iter().map(|file| file.thread.upsert.id);
    let deleted = TOMBSTONES.deleted_among(conn, ids()).await.map_err(backend)?;
    if deleted.is_empty() || !index.options.include_deleted {
        return Ok(deleted);
    }
    let brought_back: Vec<Uuid> = deleted.into_iter().collect();
    restore_in_index(conn, &brought_back, now_ms).await.map_err(backend)?;
    // The file that names threads was read without their names.
    report.requeue.push(SESSION_INDEX.to_owned());
    Ok(HashSet::new())
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

/// Makes a copy of a file that had the row until now.
async fn displace(conn: &mut SqliteConnection, path: &str, winner: &str) -> Result<(), CommitError> {
    sqlx::query(
        "UPDATE rollouts SET outcome = 'duplicate', problem = 'duplicate', detail = ?2 WHERE path = ?1",
    )
    .bind(path)
    .bind(winner)
    .execute(conn)
    .await
    .map_err(backend)?;
    Ok(())
}

//! Stores a batch: rows, outcomes, checkpoints and the watermark, in one transaction that checks the fencing token.

use std::collections::HashSet;

use sqlx::{Row as _, SqliteConnection};
use threadkeep_backfill::{BatchOf, BoxError, CommitError, Duplicate, Lease, Remark};
use threadkeep_rollout::{SESSION_INDEX, SkippedLines};
use threadkeep_sqlite::{Durability, text_of};
use uuid::Uuid;

use super::index::{ReadItem, ThreadIndex};
use super::outcome::{Outcome, store_outcomes};
use super::settle::{Lot, Read, settle};
use crate::deletion::tombstones::TOMBSTONES;
use crate::home_problem::HomeProblem;
use crate::threads::upsert_all;

/// The report of a commit.
pub(super) type CommitReport = threadkeep_backfill::CommitReport<HomeProblem>;

pub(super) async fn commit(
    index: &ThreadIndex,
    lease: &Lease,
    batch: BatchOf<'_, ThreadIndex>,
) -> Result<CommitReport, CommitError> {
    let mut tx = index.db.begin(Durability::Usual).await.map_err(backend)?;
    let conn = tx.conn();
    let (now_ms, expires_ms) = (batch.term.now.as_millisecond(), batch.term.expires_at.as_millisecond());
    if !renew(conn, lease, batch.watermark, expires_ms).await? {
        return Err(CommitError::LeaseLost);
    }

    let mut report = CommitReport::default();
    let mut read = Vec::with_capacity(batch.extracted.len());
    let mut outcomes = Vec::with_capacity(batch.extracted.len() + batch.failed.len());
    for extracted in &batch.extracted {
        match &extracted.value.0 {
            ReadItem::Thread(thread) => read.push(Read { item: extracted.item, thread }),
            ReadItem::Names(names) => {
                store_names(conn, &names.names).await?;
                outcomes.push(Outcome::of_names(extracted.item, names));
                note_skipped(&mut report, &extracted.item.key, &names.skipped);
            }
        }
    }
    orphan(conn, &read, now_ms).await?;
    let settled = settle(index, conn, read, &mut report, now_ms).await?;
    store_threads(conn, &settled).await?;
    for (file, lot) in &settled {
        outcomes.push(Outcome::of(file, lot));
        note(&mut report, file, lot);
    }
    outcomes.extend(batch.failed.iter().map(|failed| Outcome::of_failure(failed.item, &failed.problem)));
    store_outcomes(conn, &outcomes).await?;
    store_checkpoints(conn, &settled).await?;
    forget_vanished(conn, batch.vanished, now_ms, &mut report).await?;

    tx.commit().await.map_err(backend)?;
    Ok(report)
}

/// Tells the engine what became of a file.
fn note(report: &mut CommitReport, file: &Read<'_>, lot: &Lot) {
    let key = file.item.key.clone();
    match lot {
        Lot::Indexed => {}
        Lot::Duplicate { of } => report.duplicates.push(Duplicate { key, of: of.clone() }),
        Lot::Deleted => report.excluded.push(key),
    }
    note_skipped(report, &file.item.key, &file.thread.skipped);
}

fn note_skipped(report: &mut CommitReport, key: &str, skipped: &SkippedLines) {
    report.lines_skipped += skipped.count;
    let problem = HomeProblem::of_skipped(skipped);
    report.remarks.extend(problem.map(|problem| Remark { key: key.to_owned(), problem }));
}

/// Renews the lease and moves the watermark, if the lease is still ours.
async fn renew(
    conn: &mut SqliteConnection,
    lease: &Lease,
    watermark: Option<&str>,
    expires_ms: i64,
) -> Result<bool, CommitError> {
    let renewed = sqlx::query(
        "UPDATE backfill_progress SET watermark = coalesce(?1, watermark), lease_expires_ms = ?2 \
         WHERE id = 1 AND lease_token = ?3 AND lease_owner IS NOT NULL",
    )
    .bind(watermark)
    .bind(expires_ms)
    .bind(lease.token)
    .execute(conn)
    .await
    .map_err(backend)?;
    Ok(renewed.rows_affected() == 1)
}

/// A file that was rewritten with another thread's history leaves its former thread without a rollout.
async fn orphan(conn: &mut SqliteConnection, read: &[Read<'_>], now_ms: i64) -> Result<(), CommitError> {
    let claims: Vec<(&str, &str)> =
        read.iter().map(|file| (file.item.key.as_str(), file.thread.upsert.columns.id.as_str())).collect();
    sqlx::query(
        "UPDATE threads SET missing_since_ms = ?2 \
         FROM json_each(?1) AS claim JOIN rollouts ON rollouts.path = claim.value ->> 0 \
         WHERE rollouts.thread_id <> claim.value ->> 1 AND threads.id = rollouts.thread_id \
           AND threads.rollout_path = rollouts.path AND threads.missing_since_ms IS NULL",
    )
    .bind(serde_json::to_string(&claims).map_err(backend)?)
    .bind(now_ms)
    .execute(conn)
    .await
    .map_err(backend)?;
    Ok(())
}

async fn store_threads(conn: &mut SqliteConnection, settled: &[(Read<'_>, Lot)]) -> Result<(), CommitError> {
    let winners = settled.iter().filter(|(_, lot)| matches!(lot, Lot::Indexed));
    upsert_all(conn, winners.map(|(file, _)| &file.thread.upsert)).await.map_err(backend)?;
    Ok(())
}

async fn store_checkpoints(
    conn: &mut SqliteConnection,
    settled: &[(Read<'_>, Lot)],
) -> Result<(), CommitError> {
    // Of a thread's own file only: a checkpoint holds words of the conversation, and deleted ones are to be forgotten.
    let checkpoints: Vec<(&str, &str)> = settled
        .iter()
        .filter(|(_, lot)| matches!(lot, Lot::Indexed))
        .filter_map(|(file, _)| Some((file.item.key.as_str(), file.thread.checkpoint.as_deref()?)))
        .collect();
    if checkpoints.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO rollout_checkpoints (path, checkpoint) SELECT value ->> 0, value ->> 1 FROM json_each(?1) \
         WHERE true ON CONFLICT (path) DO UPDATE SET checkpoint = excluded.checkpoint",
    )
    .bind(serde_json::to_string(&checkpoints).map_err(backend)?)
    .execute(conn)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Takes the names of the home as they are now: those of threads that are indexed, and of those that will be.
async fn store_names(conn: &mut SqliteConnection, names: &[(Uuid, String)]) -> Result<(), CommitError> {
    let deleted = TOMBSTONES.deleted_among(conn, names.iter().map(|(id, _)| *id)).await.map_err(backend)?;
    let names: Vec<(String, &str)> = names
        .iter()
        .filter(|(id, _)| !deleted.contains(id))
        .map(|(id, name)| (text_of(*id), name.as_str()))
        .collect();
    let names = serde_json::to_string(&names).map_err(backend)?;
    let forget = sqlx::query(
        "DELETE FROM session_names WHERE thread_id NOT IN (SELECT value ->> 0 FROM json_each(?1))",
    );
    let store = sqlx::query(
        "INSERT INTO session_names (thread_id, name) SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true \
         ON CONFLICT (thread_id) DO UPDATE SET name = excluded.name WHERE name <> excluded.name",
    );
    let apply = sqlx::query(
        "UPDATE threads SET session_name = (SELECT name FROM session_names WHERE thread_id = threads.id) \
         WHERE session_name IS NOT (SELECT name FROM session_names WHERE thread_id = threads.id)",
    );
    for query in [forget.bind(&names), store.bind(&names), apply] {
        query.execute(&mut *conn).await.map_err(backend)?;
    }
    Ok(())
}

/// Forgets files that are gone; their threads stay for what the user said of them, in no list. Asks for the copies that
/// may now take the place of what vanished to be read again.
async fn forget_vanished(
    conn: &mut SqliteConnection,
    vanished: &[String],
    now_ms: i64,
    report: &mut CommitReport,
) -> Result<(), CommitError> {
    if vanished.is_empty() {
        return Ok(());
    }
    if vanished.iter().any(|path| path == SESSION_INDEX) {
        store_names(conn, &[]).await?;
    }
    let paths = serde_json::to_string(vanished).map_err(backend)?;
    let gone = sqlx::query(
        "UPDATE threads SET missing_since_ms = ?2 FROM rollouts \
         WHERE rollouts.path IN (SELECT value FROM json_each(?1)) AND threads.id = rollouts.thread_id \
           AND threads.rollout_path = rollouts.path AND threads.missing_since_ms IS NULL",
    )
    .bind(&paths)
    .bind(now_ms)
    .execute(&mut *conn)
    .await
    .map_err(backend)?;
    let heirs = sqlx::query(
        "SELECT copy.path, copy.thread_id FROM rollouts AS gone JOIN rollouts AS copy ON copy.thread_id = gone.thread_id \
         WHERE gone.path IN (SELECT value FROM json_each(?1)) AND gone.outcome = 'indexed' \
           AND copy.outcome = 'duplicate' AND copy.path NOT IN (SELECT value FROM json_each(?1))",
    )
    .bind(&paths)
    .fetch_all(&mut *conn)
    .await
    .map_err(backend)?;
    let mut inherited: HashSet<&str> = HashSet::new();
    for heir in &heirs {
        report.requeue.push(heir.try_get(0).map_err(backend)?);
        inherited.insert(heir.try_get(1).map_err(backend)?);
    }
    report.rows_gone += gone.rows_affected().saturating_sub(inherited.len() as u64);
    sqlx::query("DELETE FROM rollouts WHERE path IN (SELECT value FROM json_each(?1))")
        .bind(&paths)
        .execute(conn)
        .await
        .map_err(backend)?;
    Ok(())
}

pub(super) fn backend(error: impl Into<BoxError>) -> CommitError {
    CommitError::Backend(error.into())
}

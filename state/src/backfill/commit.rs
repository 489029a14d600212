//! Stores a batch: rows, outcomes, checkpoints and the watermark, in one transaction that checks the fencing token.

use std::collections::HashSet;

use sqlx::{Row as _, SqliteConnection};
use threadkeep_backfill::{BatchOf, BoxError, CommitError, CommitReport, Duplicate, Lease, Remark};
use uuid::Uuid;

use super::index::{Content, ThreadIndex};
use super::settle::{Lot, Read, settle};
use crate::threads::{IndexedColumns, SESSION_INDEX, upsert_columns};

/// One file's row in `rollouts`, in the order of the JSON array that it is bound as.
type OutcomeRow<'a> = (&'a str, &'a str, &'static str, Option<&'a str>, Option<&'a str>, u64, u64);

pub(super) async fn commit(
    index: &ThreadIndex,
    lease: &Lease,
    batch: BatchOf<'_, ThreadIndex>,
) -> Result<CommitReport, CommitError> {
    let mut tx = index.db.begin().await.map_err(backend)?;
    let conn = tx.conn();
    if !renew(conn, lease, batch.watermark, batch.term.expires_at.as_millisecond()).await? {
        return Err(CommitError::LeaseLost);
    }

    let mut read = Vec::with_capacity(batch.extracted.len());
    let mut outcomes: Vec<OutcomeRow<'_>> = Vec::new();
    for extracted in &batch.extracted {
        let (path, fingerprint) = (extracted.item.key.as_str(), extracted.item.fingerprint.as_str());
        match &extracted.value.0 {
            Content::Thread(thread) => read.push(Read { path, fingerprint, thread }),
            Content::Names(names) => {
                store_names(conn, names).await?;
                outcomes.push((path, fingerprint, "indexed", None, None, names.len() as u64, 0));
            }
        }
    }

    let mut report = CommitReport::default();
    let settled = settle(index, conn, &read, &mut report).await?;
    orphan(conn, &read, batch.term.now.as_millisecond()).await?;
    let winners: Vec<&IndexedColumns> = read
        .iter()
        .zip(&settled)
        .filter(|(_, lot)| matches!(lot, Lot::Indexed))
        .map(|(file, _)| &file.thread.upsert.columns)
        .collect();
    upsert_columns(conn, &winners).await.map_err(backend)?;

    for (file, lot) in read.iter().zip(&settled) {
        let (outcome, reason) = match lot {
            Lot::Indexed => ("indexed", file.thread.remark.as_deref()),
            Lot::Duplicate { of } => ("duplicate", Some(of.as_str())),
            Lot::Deleted => ("deleted", None),
        };
        let id = file.thread.upsert.columns.id.as_str();
        outcomes.push((
            file.path,
            file.fingerprint,
            outcome,
            Some(id),
            reason,
            file.thread.lines,
            file.thread.lines_skipped,
        ));
        report.lines_skipped += file.thread.lines_skipped;
        match lot {
            Lot::Indexed => report.remarks.extend(
                file.thread
                    .remark
                    .as_ref()
                    .map(|reason| Remark { key: file.path.to_owned(), reason: reason.clone() }),
            ),
            Lot::Duplicate { of } => {
                report.duplicates.push(Duplicate { key: file.path.to_owned(), of: of.clone() });
            }
            Lot::Deleted => report.excluded.push(file.path.to_owned()),
        }
    }
    for failed in &batch.failed {
        let outcome = if failed.failure.transient { "unreadable" } else { "failed" };
        let item = failed.item;
        outcomes.push((&item.key, &item.fingerprint, outcome, None, Some(&failed.failure.reason), 0, 0));
    }
    store_outcomes(conn, &outcomes).await?;
    store_checkpoints(conn, &read).await?;
    forget_vanished(conn, batch.vanished, batch.term.now.as_millisecond(), &mut report).await?;

    tx.commit().await.map_err(backend)?;
    Ok(report)
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
        read.iter().map(|file| (file.path, file.thread.upsert.columns.id.as_str())).collect();
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

async fn store_outcomes(conn: &mut SqliteConnection, outcomes: &[OutcomeRow<'_>]) -> Result<(), CommitError> {
    if outcomes.is_empty() {
        return Ok(());
    }
    // A file that cannot be read keeps the thread it had.
    sqlx::query(
        "INSERT INTO rollouts (path, fingerprint, outcome, thread_id, reason, lines, lines_skipped) \
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 \
         FROM json_each(?1) WHERE true \
         ON CONFLICT (path) DO UPDATE SET fingerprint = excluded.fingerprint, outcome = excluded.outcome, \
           thread_id = coalesce(excluded.thread_id, thread_id), reason = excluded.reason, \
           lines = excluded.lines, lines_skipped = excluded.lines_skipped",
    )
    .bind(serde_json::to_string(outcomes).map_err(backend)?)
    .execute(conn)
    .await
    .map_err(backend)?;
    Ok(())
}

async fn store_checkpoints(conn: &mut SqliteConnection, read: &[Read<'_>]) -> Result<(), CommitError> {
    let checkpoints: Vec<(&str, &str)> =
        read.iter().filter_map(|file| Some((file.path, file.thread.checkpoint.as_deref()?))).collect();
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
    let names: Vec<(String, &str)> =
        names.iter().map(|(id, name)| (id.hyphenated().to_string(), name.as_str())).collect();
    let names = serde_json::to_string(&names).map_err(backend)?;
    for sql in [
        "DELETE FROM session_names WHERE thread_id NOT IN (SELECT value ->> 0 FROM json_each(?1))",
        "INSERT INTO session_names (thread_id, name) SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true \
         ON CONFLICT (thread_id) DO UPDATE SET name = excluded.name WHERE name <> excluded.name",
        "UPDATE threads SET session_name = (SELECT name FROM session_names WHERE thread_id = threads.id) \
         WHERE session_name IS NOT (SELECT name FROM session_names WHERE thread_id = threads.id)",
    ] {
        let query = sqlx::query(sql);
        let query = if sql.contains("?1") { query.bind(&names) } else { query };
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

//! Stores a batch: rows, outcomes, checkpoints and the watermark, in one transaction that checks
//! the fencing token.

use std::collections::{HashMap, HashSet};

use sqlx::{Row as _, SqliteConnection};
use threadkeep_backfill::{BatchOf, Extraction, Lease, Problem, ProblemKind, WriteError};
use threadkeep_rollout::SESSION_INDEX;
use threadkeep_sqlite::{DbError, Durability, json, uuid_text};
use uuid::Uuid;

use super::assign::{Assignment, FileRead, assign_threads};
use super::content::{CommitReport, ReadItem, SessionName, ThreadIndex};
use super::dependents::{Change, dependents};
use super::outcome::{Outcome, store_outcomes};
use super::progress::RUNS;
use crate::deletion::tombstones::TOMBSTONES;
use crate::graph::close_agents;
use crate::home_problem::HomeProblem;
use crate::threads::upsert_all;

/// Commits a batch, unless the lease is lost.
pub(super) async fn commit(
    index: &ThreadIndex,
    lease: &Lease,
    batch: BatchOf<'_, ThreadIndex>,
) -> Result<CommitReport, WriteError> {
    let work = async |conn: &mut SqliteConnection| Ok(write_batch(index, conn, lease, batch).await?);
    let report: Result<_, DbError> = index.db.write(Durability::Usual, work).await;
    report.map_err(|error| WriteError::Backend(error.into()))?.ok_or(WriteError::LeaseLost)
}

/// Writes a batch. Returns `None`, having written nothing, if the lease is lost.
async fn write_batch(
    index: &ThreadIndex,
    conn: &mut SqliteConnection,
    lease: &Lease,
    batch: BatchOf<'_, ThreadIndex>,
) -> Result<Option<CommitReport>, sqlx::Error> {
    let now_ms = batch.term.now.as_millisecond();
    let watermark = batch.watermark.filter(|_| !index.is_limited);
    if !RUNS.renew(conn, lease.token, watermark, batch.term.expires_at).await? {
        return Ok(None);
    }
    let mut report = CommitReport::default();
    let mut read = Vec::with_capacity(batch.extractions.len());
    let mut outcomes = Vec::with_capacity(batch.extractions.len());
    for Extraction { item, result } in batch.extractions {
        match result.map(|extracted| extracted.0) {
            Ok(ReadItem::Thread(thread)) => read.push(FileRead { item, thread }),
            Ok(ReadItem::Names(names)) => {
                store_names(conn, &names.names).await?;
                outcomes.push(Outcome::of_names(item, &names));
                report_problem(
                    &mut report,
                    &item.key,
                    names.skipped.count,
                    HomeProblem::of_skipped(&names.skipped),
                );
            }
            Err(problem) => outcomes.push(Outcome::of_failure(item, &problem)),
        }
    }
    let known = known_files(conn, &read).await?;
    let assigned = if read.is_empty() {
        Vec::new()
    } else {
        hide_former_threads(conn, &read, &known, now_ms).await?;
        assign_threads(index, conn, read, &mut report, now_ms).await?
    };
    let files: Vec<&str> = assigned.iter().map(|(file, _)| file.item.key.as_str()).collect();
    let mut closed = Vec::new();
    let (mut upserts, mut checkpoints) = (Vec::with_capacity(assigned.len()), Vec::new());
    for (file, assignment) in assigned {
        outcomes.push(Outcome::of_rollout(&file, &assignment));
        report_assignment(&mut report, &file, &assignment);
        // Only the file that owns the thread's row has a checkpoint: it holds words of the
        // conversation, and a deleted thread must leave none.
        if let Assignment::Indexed = assignment {
            checkpoints.extend(file.thread.checkpoint.map(|checkpoint| (&*file.item.key, checkpoint)));
            let id = file.thread.upsert.id;
            closed.extend(file.thread.closed_agents.into_iter().map(|agent| (id, agent)));
            upserts.push(file.thread.upsert);
        }
    }
    let threads: Vec<Uuid> = upserts.iter().map(|upsert| upsert.id).collect();
    upsert_all(conn, upserts).await?;
    if !threads.is_empty() {
        close_agents(conn, &threads, &closed).await?;
    }
    store_outcomes(conn, outcomes).await?;
    report.requeue.extend(dependents(conn, &files, Change::Read { known: &known }).await?);
    store_checkpoints(conn, &checkpoints).await?;
    remove_vanished(conn, batch.vanished, now_ms, &mut report).await?;
    Ok(Some(report))
}

/// Reports the assignment of a file to the engine.
fn report_assignment(report: &mut CommitReport, file: &FileRead<'_>, assignment: &Assignment) {
    let key = file.item.key.clone();
    match assignment {
        Assignment::Indexed | Assignment::Part { .. } => {}
        Assignment::Duplicate { of } => {
            let kind = ProblemKind::Duplicate { of: of.clone() };
            report.problems.push(Problem { key, kind });
        }
        Assignment::Deleted => report.excluded.push(key),
    }
    report_problem(report, &file.item.key, file.thread.lines_skipped, file.thread.problem.clone());
}

fn report_problem(report: &mut CommitReport, key: &str, lines_skipped: u64, problem: Option<HomeProblem>) {
    report.lines_skipped += lines_skipped;
    let kind = problem.map(ProblemKind::Remark);
    report.problems.extend(kind.map(|kind| Problem { key: key.to_owned(), kind }));
}

/// Returns the files of a batch that the index knows, with their threads.
async fn known_files(
    conn: &mut SqliteConnection,
    read: &[FileRead<'_>],
) -> Result<HashMap<String, Option<String>>, sqlx::Error> {
    if read.is_empty() {
        return Ok(HashMap::new());
    }
    let paths: Vec<&str> = read.iter().map(|file| &*file.item.key).collect();
    let known = sqlx::query_as(
        "SELECT path, thread_id FROM rollouts WHERE path IN (SELECT value FROM json_each(?1))",
    );
    let known: Vec<(String, Option<String>)> = known.bind(json(&paths)).fetch_all(conn).await?;
    Ok(known.into_iter().collect())
}

/// Hides threads whose rollout was rewritten with another thread's history.
async fn hide_former_threads(
    conn: &mut SqliteConnection,
    read: &[FileRead<'_>],
    known: &HashMap<String, Option<String>>,
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    for file in read {
        let before = known.get(&file.item.key).and_then(Option::as_ref);
        let Some(before) = before.filter(|before| **before != file.thread.upsert.columns.id) else {
            continue;
        };
        sqlx::query(
            "UPDATE threads SET missing_since_ms = ?3 \
             WHERE id = ?1 AND rollout_path = ?2 AND missing_since_ms IS NULL",
        )
        .bind(before)
        .bind(&file.item.key)
        .bind(now_ms)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

async fn store_checkpoints(
    conn: &mut SqliteConnection,
    checkpoints: &[(&str, String)],
) -> Result<(), sqlx::Error> {
    if checkpoints.is_empty() {
        return Ok(());
    }
    let store = sqlx::query(
        "INSERT INTO rollout_checkpoints (path, checkpoint) SELECT value ->> 0, value ->> 1 FROM json_each(?1) \
         WHERE true ON CONFLICT (path) DO UPDATE SET checkpoint = excluded.checkpoint",
    );
    store.bind(json(checkpoints)).execute(conn).await?;
    Ok(())
}

/// Replaces the names of the home, also of threads that are not indexed yet.
async fn store_names(conn: &mut SqliteConnection, names: &[SessionName]) -> Result<(), sqlx::Error> {
    let deleted = TOMBSTONES.deleted_among(conn, names.iter().map(|(id, ..)| *id)).await?;
    let names: Vec<(String, &str, Option<i64>)> = names
        .iter()
        .filter(|(id, ..)| !deleted.contains(id))
        .map(|(id, name, at)| (uuid_text(*id), name.as_str(), *at))
        .collect();
    let names = serde_json::to_string(&names).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let remove = sqlx::query(
        "DELETE FROM session_names WHERE thread_id NOT IN (SELECT value ->> 0 FROM json_each(?1))",
    );
    let store = sqlx::query(
        "INSERT INTO session_names (thread_id, name, named_at_ms) \
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true \
         ON CONFLICT (thread_id) DO UPDATE SET name = excluded.name, named_at_ms = excluded.named_at_ms \
         WHERE (name, named_at_ms) IS NOT (excluded.name, excluded.named_at_ms)",
    );
    let apply = sqlx::query(
        "UPDATE threads SET (session_name, session_named_at_ms) = \
           (SELECT name, named_at_ms FROM session_names WHERE thread_id = threads.id) \
         WHERE (session_name, session_named_at_ms) IS NOT \
           (SELECT name, named_at_ms FROM session_names WHERE thread_id = threads.id)",
    );
    for query in [remove.bind(&names), store.bind(&names), apply] {
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Removes files that are gone. Their threads stay in no list, because the user's columns have no
/// other home.
///
/// Copies that may now get such a thread are read again.
async fn remove_vanished(
    conn: &mut SqliteConnection,
    vanished: &[String],
    now_ms: i64,
    report: &mut CommitReport,
) -> Result<(), sqlx::Error> {
    if vanished.is_empty() {
        return Ok(());
    }
    if vanished.iter().any(|path| path == SESSION_INDEX) {
        store_names(conn, &[]).await?;
    }
    let paths = serde_json::to_string(vanished).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let gone = sqlx::query(
        "UPDATE threads SET missing_since_ms = ?2 FROM rollouts \
         WHERE rollouts.path IN (SELECT value FROM json_each(?1)) AND threads.id = rollouts.thread_id \
           AND threads.rollout_path = rollouts.path AND threads.missing_since_ms IS NULL",
    )
    .bind(&paths)
    .bind(now_ms)
    .execute(&mut *conn)
    .await?;
    let heirs = sqlx::query(
        "SELECT copy.path, copy.thread_id FROM rollouts AS gone JOIN rollouts AS copy ON copy.thread_id = gone.thread_id \
         WHERE gone.path IN (SELECT value FROM json_each(?1)) AND gone.outcome IN ('indexed', 'lost') \
           AND copy.outcome = 'duplicate' AND copy.path NOT IN (SELECT value FROM json_each(?1))",
    )
    .bind(&paths)
    .fetch_all(&mut *conn)
    .await?;
    let mut inherited: HashSet<&str> = HashSet::new();
    for heir in &heirs {
        report.requeue.push(heir.try_get(0)?);
        inherited.insert(heir.try_get(1)?);
    }
    let files: Vec<&str> = vanished.iter().map(String::as_str).collect();
    report.requeue.extend(dependents(conn, &files, Change::Gone).await?);
    report.rows_gone += gone.rows_affected().saturating_sub(inherited.len() as u64);
    sqlx::query("DELETE FROM rollouts WHERE path IN (SELECT value FROM json_each(?1))")
        .bind(&paths)
        .execute(conn)
        .await?;
    Ok(())
}

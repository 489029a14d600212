//! Stores a batch in one transaction that checks the fencing token.

use std::collections::{HashMap, HashSet};

use sqlx::{AssertSqlSafe, SqliteConnection};
use threadkeep_backfill::{BatchOf, Extraction, Item, Lease, Problem, ProblemKind, WriteError};
use threadkeep_rollout::Rollback;
use threadkeep_sqlite::{
    DbError, Durability, MOST_ROWS, RowReader, json, uuid_text, value_columns, values_of,
};
use uuid::Uuid;

use super::assign::{Assignment, FileRead, Known, assign, copies_of_threads, file_id_of};
use super::content::{CommitReport, FileContent, HistoryIndex};
use super::passages::{Pending, store_passages};
use super::progress::RUNS;
use super::rows::{NewFile, Rows};
use super::source::HistoryItem;
use crate::erase::remove_content;
use crate::numbers::{day_number, int};
use crate::passages::remove_passages;
use crate::problem::HistoryProblem;

/// Commits a batch, unless the lease is lost.
pub(super) async fn commit(
    index: &HistoryIndex,
    lease: &Lease,
    batch: BatchOf<'_, HistoryIndex>,
) -> Result<CommitReport, WriteError> {
    let work = async |conn: &mut SqliteConnection| Ok(write_batch(conn, lease, batch).await?);
    let report: Result<_, DbError> = index.db.write(Durability::Usual, work).await;
    report.map_err(|error| WriteError::Backend(error.into()))?.ok_or(WriteError::LeaseLost)
}

/// Writes a batch. Returns `None`, having written nothing, if the lease is lost.
async fn write_batch(
    conn: &mut SqliteConnection,
    lease: &Lease,
    batch: BatchOf<'_, HistoryIndex>,
) -> Result<Option<CommitReport>, sqlx::Error> {
    if !RUNS.renew(&mut *conn, lease.token, batch.watermark, batch.term.expires_at).await? {
        return Ok(None);
    }
    let mut report = CommitReport::default();
    let (mut read, mut failed) = (Vec::new(), Vec::new());
    let paths: Vec<&str> = batch.extractions.iter().map(|extraction| &*extraction.item.key).collect();
    let mut known = known_files(conn, &paths).await?;
    for Extraction { item, result } in batch.extractions {
        match result {
            Ok(content) => {
                report.lines_skipped += content.lines_skipped;
                let file_id = file_id_of(&item.key, content.thread_id);
                read.push(FileRead { item, content, file_id, known: known.remove(&item.key) });
            }
            Err(problem) => failed.push((item, problem)),
        }
    }
    store_failures(conn, failed).await?;
    if !read.is_empty() {
        store_read(conn, read, &mut report).await?;
    }
    remove_vanished(conn, batch.vanished, &mut report).await?;
    Ok(Some(report))
}

/// Returns the files of a batch that the store knows.
async fn known_files(
    conn: &mut SqliteConnection,
    paths: &[&str],
) -> Result<HashMap<String, Known>, sqlx::Error> {
    if paths.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query(
        "SELECT path, id, is_owner, thread_id, file_id, rollbacks FROM history_files \
         WHERE path IN (SELECT value FROM json_each(?1))",
    );
    let mut known = HashMap::new();
    for row in &rows.bind(json(paths)).fetch_all(conn).await? {
        let mut row = RowReader::new(row);
        let path = row.column()?;
        let file = Known {
            id: row.column()?,
            is_owner: row.column()?,
            thread_id: row.optional_uuid()?,
            file_id: row.optional_uuid()?,
            rollbacks: row.column()?,
        };
        known.insert(path, file);
    }
    Ok(known)
}

/// Stores the files of a batch that were read.
async fn store_read(
    conn: &mut SqliteConnection,
    files: Vec<FileRead<'_>>,
    report: &mut CommitReport,
) -> Result<(), sqlx::Error> {
    let assignments = assign(conn, &files, report).await?;
    // Until a first pass is through, new files are older than all that are stored: it goes from the
    // newest to the oldest.
    let is_first = RUNS.state(&mut *conn).await?.last_success_at.is_none();
    let next: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) + 1 FROM history_files")
        .fetch_one(&mut *conn)
        .await?;
    disown(conn, &files).await?;
    let keys: HashSet<String> = files.iter().map(|file| file.item.key.clone()).collect();
    let (mut rows, mut pending, mut changed) = (Rows::default(), Pending::default(), HashSet::new());
    for ((mut file, assignment), new_id) in files.into_iter().zip(assignments).zip(next..) {
        let known = file.known.take();
        let id = known.as_ref().map_or(new_id, |known| known.id);
        let thread = file.content.thread_id;
        if known.as_ref().and_then(|known| known.thread_id) != Some(thread) {
            changed.extend(known.as_ref().and_then(|known| known.thread_id).into_iter().chain([thread]));
        }
        let had_content = known.as_ref().is_some_and(|known| known.is_owner);
        if assignment != Assignment::Owner {
            if had_content {
                remove_content(conn, id).await?;
            }
            report_assignment(report, file.item, &assignment);
            rows.file(new_file(id, &file, &assignment, None));
            continue;
        }
        let from = file.content.from;
        if from > 0 && !had_content {
            // The thread was deleted and restored since the saved state was read.
            report.requeue.push(file.item.key.clone());
            rows.file(new_file(id, &file, &Assignment::Deleted, None));
            continue;
        }
        if had_content {
            forget(conn, id, &file.content).await?;
        }
        let rollbacks = rollbacks(known.and_then(|known| known.rollbacks), from, &file.content.rollbacks);
        rows.file(new_file(id, &file, &assignment, rollbacks));
        let is_older = is_first && !had_content;
        let passages = std::mem::take(&mut file.content.passages);
        if is_older { &mut pending.older } else { &mut pending.newer }.push((id, passages));
        rows.content(id, file.content);
    }
    rows.store(conn).await?;
    store_passages(conn, pending).await?;
    let copies = copies_of_threads(conn, &changed).await?;
    report.requeue.extend(copies.into_iter().filter(|path| !keys.contains(path)));
    Ok(())
}

/// Makes the row of a file. Only an owner has content.
fn new_file(id: i64, file: &FileRead<'_>, assignment: &Assignment, rollbacks: Option<String>) -> NewFile {
    let (FileContent { thread_id, started_at, base, copied_from, .. }, item) = (&file.content, file.item);
    let is_owner = *assignment == Assignment::Owner;
    let (outcome, detail) = match assignment {
        Assignment::Owner => ("indexed", None),
        Assignment::Duplicate { of } => ("duplicate", Some(of.clone())),
        Assignment::Deleted => ("deleted", None),
    };
    NewFile {
        id,
        path: item.key.clone(),
        fingerprint: item.fingerprint.clone(),
        outcome,
        detail,
        is_owner,
        thread_id: *thread_id,
        file_id: file.file_id,
        started_at: started_at.filter(|_| is_owner),
        base: base.filter(|_| is_owner).and_then(|base| serde_json::to_string(&base).ok()),
        copied_from: copied_from.filter(|_| is_owner),
        bytes: item.bytes,
        rollbacks,
    }
}

/// Takes the files' ids from them, so that they can change places.
async fn disown(conn: &mut SqliteConnection, files: &[FileRead<'_>]) -> Result<(), sqlx::Error> {
    let owners = files.iter().filter_map(|file| file.known.as_ref());
    let ids: Vec<i64> = owners.filter(|known| known.is_owner).map(|known| known.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let disown =
        sqlx::query("UPDATE history_files SET is_owner = 0 WHERE id IN (SELECT value FROM json_each(?1))");
    disown.bind(json(&ids)).execute(conn).await.map(drop)
}

/// Removes what a file no longer has. The rows that it still has are updated.
async fn forget(conn: &mut SqliteConnection, file: i64, content: &FileContent) -> Result<(), sqlx::Error> {
    remove_passages(conn, file, content.from).await?;
    let offsets: Vec<u64> = content.turns.iter().map(|turn| turn.offset).collect();
    let turns = sqlx::query(
        "DELETE FROM history_turns WHERE file = ?1 AND start_offset >= ?2 \
           AND start_offset NOT IN (SELECT value FROM json_each(?3))",
    );
    turns.bind(file).bind(int(content.from)).bind(json(&offsets)).execute(&mut *conn).await?;
    let days: Vec<(i64, &str, &str)> = content
        .usage
        .iter()
        .map(|usage| (day_number(usage.day), usage.model.as_deref().unwrap_or(""), usage.purpose.as_str()))
        .collect();
    let usage = sqlx::query(
        "DELETE FROM history_usage WHERE file = ?1 \
           AND (day, model, 'conversation') NOT IN \
             (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2))",
    );
    usage.bind(file).bind(json(&days)).execute(&mut *conn).await?;
    let others = sqlx::query(
        "DELETE FROM history_other_usage WHERE file = ?1 \
           AND (day, model, purpose) NOT IN \
             (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2))",
    );
    others.bind(file).bind(json(&days)).execute(&mut *conn).await?;
    if content.checkpoint.is_none() {
        let checkpoint = sqlx::query("DELETE FROM history_checkpoints WHERE file = ?1");
        checkpoint.bind(file).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Returns the rollbacks before a byte, and the new ones; `None` if there are none.
fn rollbacks(before: Option<String>, from: u64, new: &[Rollback]) -> Option<String> {
    let before = before.filter(|_| from > 0);
    let before: Vec<Rollback> = before.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
    let kept = before.into_iter().filter(|rollback| rollback.offset < from);
    let all: Vec<Rollback> = kept.chain(new.iter().copied()).collect();
    if all.is_empty() { None } else { serde_json::to_string(&all).ok() }
}

/// Reports the assignment of a file to the engine.
fn report_assignment(report: &mut CommitReport, item: &Item<HistoryItem>, assignment: &Assignment) {
    match assignment {
        Assignment::Owner => {}
        Assignment::Duplicate { of } => {
            let kind = ProblemKind::Duplicate { of: of.clone() };
            report.problems.push(Problem { key: item.key.clone(), kind });
        }
        Assignment::Deleted => report.excluded.push(item.key.clone()),
    }
}

/// Stores files that could not be read. They keep their content: old content is better than none.
async fn store_failures(
    conn: &mut SqliteConnection,
    failed: Vec<(&Item<HistoryItem>, HistoryProblem)>,
) -> Result<(), sqlx::Error> {
    let mut failed = failed.into_iter();
    while failed.len() > 0 {
        let mut query = sqlx::query(AssertSqlSafe(failures_sql(failed.len().min(MOST_ROWS))));
        for (item, problem) in failed.by_ref().take(MOST_ROWS) {
            query = query
                .bind(&item.key)
                .bind(&item.fingerprint)
                .bind(i64::try_from(item.bytes).unwrap_or(i64::MAX));
            query = query.bind(problem.code().to_owned()).bind(problem.detail());
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

pub(super) fn failures_sql(rows: usize) -> String {
    format!(
        "INSERT INTO history_files (path, fingerprint, bytes, problem, detail, outcome, is_owner) \
         SELECT {}, 'failed', 0 FROM ({}) WHERE column1 IS NOT NULL \
         ON CONFLICT (path) DO UPDATE SET fingerprint = excluded.fingerprint, bytes = excluded.bytes, \
           problem = excluded.problem, detail = excluded.detail, outcome = 'failed'",
        value_columns(5),
        values_of(rows, 5)
    )
}

/// Removes files that are gone. Copies that may now own an id are read again.
async fn remove_vanished(
    conn: &mut SqliteConnection,
    vanished: &[String],
    report: &mut CommitReport,
) -> Result<(), sqlx::Error> {
    let mut known = known_files(conn, &vanished.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    known.retain(|path, _| vanished.contains(path));
    let owners: Vec<&Known> = known.values().filter(|known| known.is_owner).collect();
    for file in &owners {
        remove_content(conn, file.id).await?;
    }
    let gone: Vec<i64> = known.values().map(|known| known.id).collect();
    if !gone.is_empty() {
        let remove = sqlx::query("DELETE FROM history_files WHERE id IN (SELECT value FROM json_each(?1))");
        remove.bind(json(&gone)).execute(&mut *conn).await?;
    }
    let ids: Vec<String> = owners.iter().filter_map(|known| known.file_id).map(uuid_text).collect();
    let heirs: Vec<(String, String)> = sqlx::query_as(
        "SELECT path, file_id FROM history_files \
         WHERE file_id IN (SELECT value FROM json_each(?1)) AND outcome = 'duplicate'",
    )
    .bind(json(&ids))
    .fetch_all(&mut *conn)
    .await?;
    let inherited: HashSet<&String> = heirs.iter().map(|(_, file_id)| file_id).collect();
    report.rows_gone += (owners.len() - inherited.len()) as u64;
    let threads: HashSet<Uuid> = owners.iter().filter_map(|known| known.thread_id).collect();
    report.requeue.extend(heirs.into_iter().map(|(path, _)| path));
    report.requeue.extend(copies_of_threads(conn, &threads).await?);
    Ok(())
}

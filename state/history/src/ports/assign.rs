//! Assigns each file id to one of the files that have it.
//!
//! Copies, a plain file and its compressed form, and a file at its old and its new place have one
//! id. Their turns, words and tokens must not count twice.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use sqlx::SqliteConnection;
use threadkeep_backfill::{Item, Problem, ProblemKind};
use threadkeep_rollout::RolloutName;
use threadkeep_sqlite::{RowReader, json, uuid_text};
use uuid::Uuid;

use super::content::{CommitReport, FileContent};
use super::source::HistoryItem;
use crate::erase::{TOMBSTONES, remove_content};

/// A file of the batch.
pub(super) struct FileRead<'a> {
    pub(super) item: &'a Item<HistoryItem>,
    pub(super) content: FileContent,
    /// Id that a file that builds on this one names.
    pub(super) file_id: Uuid,
    /// The store's row of the file as it was.
    pub(super) known: Option<Known>,
}

/// A file that the store knows.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) id: i64,
    pub(super) is_owner: bool,
    pub(super) thread_id: Option<Uuid>,
    pub(super) file_id: Option<Uuid>,
    pub(super) rollbacks: Option<String>,
}

/// The result for a file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Assignment {
    /// It owns its id.
    Owner,
    /// Another file owns the id.
    Duplicate { of: String },
    /// The user deleted the thread.
    Deleted,
}

/// Claim of a file on its id. Of two, the greater one holds.
///
/// It prefers a name with the thread's id (a copy is often renamed), then plain files, then current
/// ones, then the smaller path, like [`AgentHome::find_rollout`](threadkeep_rollout::AgentHome).
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Claim<'a>(bool, bool, bool, Reverse<&'a str>);

impl<'a> Claim<'a> {
    fn new(path: &'a str, thread: Uuid) -> Self {
        let is_named = name_of(path).is_some_and(|name| name.thread_id == thread);
        Self(is_named, !path.ends_with(".zst"), !path.starts_with("archived_sessions/"), Reverse(path))
    }
}

fn name_of(path: &str) -> Option<RolloutName> {
    RolloutName::parse(path.rsplit('/').next().unwrap_or_default()).ok()
}

/// Returns the id that files which build on this one name.
pub(super) fn file_id_of(path: &str, thread: Uuid) -> Uuid {
    name_of(path).filter(|name| name.thread_id == thread).map_or(thread, |name| name.file_id())
}

/// A row of another file with an id of the batch.
struct Other {
    id: i64,
    path: String,
    file_id: Uuid,
    thread_id: Uuid,
    is_owner: bool,
    detail: Option<String>,
}

/// Assigns the ids of a batch to its files, or to files that were stored before. A stored owner
/// that loses its id loses its content, and copies that may now own one are reported to be read
/// again.
pub(super) async fn assign(
    conn: &mut SqliteConnection,
    files: &[FileRead<'_>],
    report: &mut CommitReport,
) -> Result<Vec<Assignment>, sqlx::Error> {
    let deleted =
        TOMBSTONES.deleted_among(&mut *conn, files.iter().map(|file| file.content.thread_id)).await?;
    let others = others(conn, files).await?;
    let mut best: HashMap<Uuid, (Claim<'_>, &str)> = HashMap::new();
    let claims = others
        .iter()
        .filter(|other| other.is_owner)
        .map(|other| (other.file_id, other.thread_id, other.path.as_str()));
    let counts = |file: &&FileRead<'_>| !deleted.contains(&file.content.thread_id);
    let read = files.iter().filter(counts);
    let read = read.map(|file| (file.file_id, file.content.thread_id, file.item.key.as_str()));
    for (file_id, thread, path) in claims.chain(read) {
        let claim = Claim::new(path, thread);
        if best.get(&file_id).is_none_or(|(other, _)| claim > *other) {
            best.insert(file_id, (claim, path));
        }
    }
    for other in &others {
        match best.get(&other.file_id) {
            Some((_, winner)) if other.is_owner && *winner != other.path => {
                remove_content(conn, other.id).await?;
                follow(conn, other.id, winner).await?;
                let kind = ProblemKind::Duplicate { of: (*winner).to_owned() };
                report.problems.push(Problem { key: other.path.clone(), kind });
            }
            Some((_, winner)) if !other.is_owner && other.detail.as_deref() != Some(winner) => {
                follow(conn, other.id, winner).await?;
            }
            // The owner has become something else.
            None => report.requeue.push(other.path.clone()),
            Some(_) => {}
        }
    }
    let assignment = |file: &FileRead<'_>| match best.get(&file.file_id) {
        _ if deleted.contains(&file.content.thread_id) => Assignment::Deleted,
        Some((_, winner)) if *winner != file.item.key => Assignment::Duplicate { of: (*winner).to_owned() },
        _ => Assignment::Owner,
    };
    Ok(files.iter().map(assignment).collect())
}

/// Returns the owners and copies, apart from files of the batch, that have an id which a file of
/// the batch has or had.
async fn others(conn: &mut SqliteConnection, files: &[FileRead<'_>]) -> Result<Vec<Other>, sqlx::Error> {
    let now = files.iter().map(|file| file.file_id);
    let before = files.iter().filter_map(|file| file.known.as_ref().filter(|known| known.is_owner)?.file_id);
    let ids: HashSet<Uuid> = now.chain(before).collect();
    let batch: HashSet<&str> = files.iter().map(|file| file.item.key.as_str()).collect();
    let rows = sqlx::query(
        "SELECT id, path, file_id, thread_id, is_owner, detail FROM history_files \
           WHERE file_id IN (SELECT value FROM json_each(?1)) AND is_owner = 1 \
         UNION ALL SELECT id, path, file_id, thread_id, is_owner, detail FROM history_files \
           WHERE file_id IN (SELECT value FROM json_each(?1)) AND outcome = 'duplicate'",
    )
    .bind(json(&ids))
    .fetch_all(conn)
    .await?;
    let mut others = Vec::new();
    for row in &rows {
        let mut row = RowReader::new(row);
        let other = Other {
            id: row.column()?,
            path: row.column()?,
            file_id: row.uuid()?,
            thread_id: row.uuid()?,
            is_owner: row.column()?,
            detail: row.column()?,
        };
        if !batch.contains(other.path.as_str()) {
            others.push(other);
        }
    }
    Ok(others)
}

/// Makes a file a copy of another.
async fn follow(conn: &mut SqliteConnection, file: i64, of: &str) -> Result<(), sqlx::Error> {
    let follow = sqlx::query(
        "UPDATE history_files SET outcome = 'duplicate', is_owner = 0, detail = ?2, problem = NULL WHERE id = ?1",
    );
    follow.bind(file).bind(of).execute(conn).await.map(drop)
}

/// Returns the files that begin with lines of threads whose files have come or gone: where their
/// own part begins depends on these.
pub(super) async fn copies_of_threads(
    conn: &mut SqliteConnection,
    threads: &HashSet<Uuid>,
) -> Result<Vec<String>, sqlx::Error> {
    if threads.is_empty() {
        return Ok(Vec::new());
    }
    let threads: Vec<String> = threads.iter().map(|thread| uuid_text(*thread)).collect();
    sqlx::query_scalar(
        "SELECT path FROM history_files \
         WHERE copied_from IN (SELECT value FROM json_each(?1)) AND copied_from IS NOT NULL AND is_owner = 1",
    )
    .bind(json(&threads))
    .fetch_all(conn)
    .await
}

//! What the index holds, in figures, and which files gave trouble.

use sqlx::{AssertSqlSafe, Row as _};
use threadkeep_rollout::SESSION_INDEX;

use crate::error::StateError;
use crate::runtime::StateRuntime;
use threadkeep_sqlite::RowReader;

/// How many threads and files the index knows of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inventory {
    /// Threads in the current list.
    pub current: u64,
    /// Threads in the archived list.
    pub archived: u64,
    /// Threads whose rollout is gone.
    pub missing: u64,
    /// Threads that the user deleted.
    pub deleted: u64,
    /// Files of the home that were looked at.
    pub files: u64,
    /// Lines of theirs that could not be read.
    pub lines_skipped: u64,
    /// Files that gave no thread, or only part of one; see [`StateRuntime::file_problems`].
    pub files_with_problems: u64,
}

/// A file of the home that was not indexed, or not wholly.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileProblem {
    /// The file, relative to the home.
    pub path: String,
    /// What kind of trouble.
    pub kind: FileProblemKind,
    /// What exactly, for people.
    pub reason: String,
}

/// What kind of trouble a file gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileProblemKind {
    /// It was indexed, and some of its lines were skipped.
    LinesSkipped,
    /// Another file has the same thread id and a better claim on it.
    Duplicate,
    /// It could not be indexed.
    Failed,
}

/// Which rows of `rollouts` are problems. The index `rollouts_with_problems` has them all.
const HAVE_PROBLEMS: &str = "(outcome <> 'indexed' OR lines_skipped > 0) AND outcome <> 'deleted'";

/// The figures, in the order of [`Inventory`].
pub(crate) fn figures() -> String {
    // The file that names threads is none of theirs.
    format!(
        "SELECT (SELECT count(*) FROM threads WHERE listing = 0), (SELECT count(*) FROM threads WHERE listing = 1), \
           (SELECT count(*) FROM threads WHERE listing = 2), (SELECT count(*) FROM tombstones), \
           (SELECT count(*) FROM rollouts WHERE path <> '{SESSION_INDEX}'), \
           (SELECT coalesce(sum(lines_skipped), 0) FROM rollouts WHERE {HAVE_PROBLEMS}), \
           (SELECT count(*) FROM rollouts WHERE {HAVE_PROBLEMS})"
    )
}

/// The first `?1` files with problems.
pub(crate) fn problems() -> String {
    format!("SELECT path, outcome, reason FROM rollouts WHERE {HAVE_PROBLEMS} ORDER BY path LIMIT ?1")
}

impl StateRuntime {
    /// Counts what the index holds.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn inventory(&self) -> Result<Inventory, StateError> {
        let counted = self.database().read(async |conn| {
            let row = sqlx::query(AssertSqlSafe(figures())).fetch_one(conn).await?;
            let mut row = RowReader::new(&row);
            let mut count = || row.column::<i64>().map(i64::unsigned_abs);
            Ok(Inventory {
                current: count()?,
                archived: count()?,
                missing: count()?,
                deleted: count()?,
                files: count()?,
                lines_skipped: count()?,
                files_with_problems: count()?,
            })
        });
        Ok(counted.await?)
    }

    /// The first `limit` files that gave trouble when they were last read, in the order of their paths.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn file_problems(&self, limit: u32) -> Result<Vec<FileProblem>, StateError> {
        let problem = |row: &sqlx::sqlite::SqliteRow| -> Result<FileProblem, sqlx::Error> {
            let reason: Option<String> = row.try_get(2)?;
            let reason = reason.unwrap_or_default();
            let (kind, reason) = match row.try_get(1)? {
                "indexed" => (FileProblemKind::LinesSkipped, reason),
                "duplicate" => (FileProblemKind::Duplicate, format!("has the same thread id as {reason}")),
                _ => (FileProblemKind::Failed, reason),
            };
            Ok(FileProblem { path: row.try_get(0)?, kind, reason })
        };
        let found = self.database().read(async |conn| {
            let rows = sqlx::query(AssertSqlSafe(problems())).bind(limit).fetch_all(conn).await?;
            rows.iter().map(problem).collect()
        });
        Ok(found.await?)
    }
}

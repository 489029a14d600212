//! Figures of the index, and the files with problems.

use serde::Serialize;
use threadkeep_sqlite::RowReader;

use crate::error::StateError;
use crate::home_problem::{FileProblem, HomeProblem};
use crate::runtime::StateRuntime;

/// Numbers of threads and files in the index. Serializes as an object of its fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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
    /// Lines of these files that could not be read.
    pub lines_skipped: u64,
    /// Files that gave no thread, or only part of one; see [`StateRuntime::file_problems`].
    pub files_with_problems: u64,
    /// Those of them that could not be read: damaged, cut, empty, or without the file on which they
    /// build. Copies are readable, and so are files in which only some lines were skipped.
    pub unreadable: u64,
}

/// Threads and files that no list of an index shows, or not whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hidden {
    /// Threads whose rollout is gone.
    pub missing: u64,
    /// Files that could not be read, as in [`Inventory::unreadable`].
    pub unreadable: u64,
}

/// Counts that scan the index, in the order of [`Inventory`]. The file that names threads is no
/// rollout: leaving it out of a scan would cost three times as much.
const FIGURES: &str = "SELECT (SELECT count(*) FROM threads WHERE listing = 0), \
     (SELECT count(*) FROM threads WHERE listing = 1), (SELECT count(*) FROM tombstones), \
     (SELECT count(*) FROM rollouts) - (SELECT count(*) FROM rollouts WHERE path = 'session_index.jsonl'), \
     (SELECT coalesce(sum(lines_skipped), 0) FROM rollouts WHERE problem IS NOT NULL), \
     (SELECT count(*) FROM rollouts WHERE problem IS NOT NULL)";

/// Counts in the order of [`Hidden`]. The index `rollouts_with_problems` has every row with a
/// problem.
const HIDDEN: &str = "SELECT (SELECT count(*) FROM threads WHERE listing = 2), \
     (SELECT count(*) FROM rollouts WHERE problem IS NOT NULL AND problem <> 'duplicate' \
        AND (problem <> 'lines_skipped' OR lines_skipped = lines AND path <> 'session_index.jsonl'))";

/// The sum alone.
const SKIPPED: &str = "SELECT coalesce(sum(lines_skipped), 0) FROM rollouts WHERE problem IS NOT NULL";

/// Reads the first `?1` files with problems.
const PROBLEMS: &str =
    "SELECT path, problem, detail FROM rollouts WHERE problem IS NOT NULL ORDER BY path LIMIT +?1";

impl StateRuntime {
    /// Counts the threads and files of the index. Scans it: see [`hidden`](Self::hidden).
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn inventory(&self) -> Result<Inventory, StateError> {
        let Hidden { missing, unreadable } = self.hidden().await?;
        let counted = self.database().read(async |conn| {
            let row = sqlx::query(FIGURES).fetch_one(conn).await?;
            let mut row = RowReader::new(&row);
            let mut count = || row.column::<i64>().map(i64::unsigned_abs);
            Ok(Inventory {
                current: count()?,
                archived: count()?,
                missing,
                deleted: count()?,
                files: count()?,
                lines_skipped: count()?,
                files_with_problems: count()?,
                unreadable,
            })
        });
        Ok(counted.await?)
    }

    /// Counts the threads and files that no list shows. Looks at these alone.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn hidden(&self) -> Result<Hidden, StateError> {
        let counted = self.database().read(async |conn| {
            let row = sqlx::query(HIDDEN).fetch_one(conn).await?;
            let mut row = RowReader::new(&row);
            let mut count = || row.column::<i64>().map(i64::unsigned_abs);
            Ok(Hidden { missing: count()?, unreadable: count()? })
        });
        Ok(counted.await?)
    }

    /// Counts the lines that could not be read, in all files of the home. Does not count anything
    /// else, because that takes a scan.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn lines_skipped(&self) -> Result<u64, StateError> {
        let counted = self.database().read(async |conn| sqlx::query_scalar(SKIPPED).fetch_one(conn).await);
        Ok(i64::unsigned_abs(counted.await?))
    }

    /// Returns the first `limit` files with problems at their last reading, ordered by path.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn file_problems(&self, limit: u32) -> Result<Vec<FileProblem>, StateError> {
        let problem = |row: &sqlx::sqlite::SqliteRow| -> Result<FileProblem, sqlx::Error> {
            let mut row = RowReader::new(row);
            Ok(FileProblem {
                path: row.column()?,
                problem: HomeProblem::stored(row.column()?, row.column()?),
            })
        };
        let found = self.database().read(async |conn| {
            let rows = sqlx::query(PROBLEMS).bind(limit).fetch_all(conn).await?;
            rows.iter().map(problem).collect()
        });
        Ok(found.await?)
    }
}

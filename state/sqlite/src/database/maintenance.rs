//! Looking after an open database: is it whole, and what may be tidied up.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};

use super::Database;
use super::durability::Durability;
use crate::error::{DbError, ErrorClass};
use crate::open::connect::{Access, closed_on_error, connect};

/// How thoroughly a database is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Depth {
    /// Every page and row is sound (`quick_check`): reads the whole file, without comparing indexes with their tables.
    Quick,
    /// Every index agrees with its table, too (`integrity_check`): several times slower.
    Full,
}

/// What a checkpoint did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// Whether the whole log was written back and cut to nothing; a reader elsewhere can keep it from that.
    pub complete: bool,
    /// The pages that were in the log.
    pub logged: u64,
    /// How many of them are in the database now.
    pub moved: u64,
}

/// How long a checkpoint waits for others: as long as most reads take, and not so long that a deletion, which ends with
/// checkpoints, seems to hang.
const PATIENCE: Duration = Duration::from_millis(250);

/// The most problems a check lists.
const MOST_PROBLEMS: u32 = 100;

impl Database {
    /// Checks the file's structure and its foreign keys, and describes up to 100 problems; none is good.
    ///
    /// Reads the whole file: bound it by size before you offer it by default.
    ///
    /// # Errors
    ///
    /// [`DbError::Busy`], [`DbError::Changed`], [`DbError::Io`] and their like when it could not be checked. Damage that keeps SQLite from even
    /// reading the schema is a problem in the list, not an error.
    pub async fn check(&self, depth: Depth) -> Result<Vec<String>, DbError> {
        let mut reader = self.reader().await?;
        let pragma = match depth {
            Depth::Quick => "quick_check",
            Depth::Full => "integrity_check",
        };
        let statement = AssertSqlSafe(format!("PRAGMA {pragma}({MOST_PROBLEMS})"));
        let found =
            sqlx::query_scalar::<_, String>(statement).persistent(false).fetch_all(reader.conn()).await;
        let mut problems = match found {
            Ok(lines) => lines,
            Err(error) if ErrorClass::of(&error) == ErrorClass::Corrupt => {
                reader.confirm()?;
                return Ok(vec![error.to_string()]);
            }
            Err(error) => return Err(self.error(error)),
        };
        problems.retain(|line| line != "ok");
        let dangling = sqlx::query("SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT ?1");
        let rows = dangling.bind(MOST_PROBLEMS).fetch_all(reader.conn()).await;
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) if ErrorClass::of(&error) == ErrorClass::Corrupt => {
                problems.push(error.to_string());
                Vec::new()
            }
            Err(error) => return Err(self.error(error)),
        };
        for row in rows {
            let table: String = row.try_get(0).map_err(|error| self.error(error))?;
            let id: Option<i64> = row.try_get(1).map_err(|error| self.error(error))?;
            let parent: String = row.try_get(2).map_err(|error| self.error(error))?;
            let id = id.map_or_else(|| "?".to_owned(), |id| id.to_string());
            problems.push(format!("row {id} of {table} points to a row of {parent} that does not exist"));
        }
        reader.confirm()?;
        Ok(problems)
    }

    /// Writes the log back into the database and cuts it to nothing, as far as readers allow.
    ///
    /// Waits for readers and writers of other processes for 250 ms at most, and for a write of this one as
    /// [`begin`](Self::begin) does. [`Checkpoint::complete`] says whether all of it was done; what was not, a later checkpoint
    /// does, or the last one to close the database.
    ///
    /// # Errors
    ///
    /// [`DbError::ReadOnly`], [`DbError::Closed`], [`DbError::Busy`] as for [`begin`](Self::begin);
    /// [`DbError::Full`], [`DbError::Io`], [`DbError::Corrupt`] when writing back failed, by which nothing is lost.
    pub async fn checkpoint(&self) -> Result<Checkpoint, DbError> {
        let inner = &self.inner;
        let patience = PATIENCE.min(inner.options.busy_timeout);
        let failed = |error| DbError::sqlx(&inner.paths, patience, error);
        // Nobody of this process writes meanwhile.
        let _writer = self.idle_writer().await?;
        // A handle of its own, for a patience of its own: the writer's, once changed, would stay so when this is cancelled.
        let connection = connect(inner.spec, &inner.paths.database, patience, Access::Write).await;
        let mut connection = connection.map_err(failed)?;
        let row = connection.fetch_one("PRAGMA wal_checkpoint(TRUNCATE)").await;
        let (connection, row) = closed_on_error(connection, row).await.map_err(failed)?;
        connection.close().await.map_err(failed)?;
        let number = |at: usize| row.try_get::<i64, _>(at).map_err(|error| self.error(error));
        // In rollback-journal mode there is no log, and SQLite says -1.
        let pages = |count: i64| u64::try_from(count).unwrap_or(0);
        Ok(Checkpoint { complete: number(0)? == 0, logged: pages(number(1)?), moved: pages(number(2)?) })
    }

    /// Lets SQLite refresh the statistics that its planner uses, where they are stale. Cheap; meant for closing time.
    ///
    /// # Errors
    ///
    /// As for [`checkpoint`](Self::checkpoint).
    pub async fn optimize(&self) -> Result<(), DbError> {
        let mut writer = self.idle_writer().await?;
        // The limit keeps a large table from being read in whole.
        let done = writer.execute("PRAGMA analysis_limit = 400; PRAGMA optimize").await;
        done.map(|_| ()).map_err(|error| self.error(error))
    }

    /// Gives up to `pages` unused pages back to the file system, and returns how many are still unused.
    ///
    /// # Errors
    ///
    /// As for [`checkpoint`](Self::checkpoint).
    pub async fn incremental_vacuum(&self, pages: u32) -> Result<u64, DbError> {
        let vacuum = AssertSqlSafe(format!("PRAGMA incremental_vacuum({pages})"));
        let left: i64 = self
            .write::<_, DbError>(Durability::Usual, async |conn| {
                conn.execute(vacuum).await?;
                Ok(sqlx::query_scalar("PRAGMA freelist_count").fetch_one(conn).await?)
            })
            .await?;
        Ok(u64::try_from(left).unwrap_or(0))
    }
}

//! Maintenance of an open database: integrity checks and checkpoints.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _};

use super::Database;
use crate::error::{DbError, ErrorClass};
use crate::form;
use crate::open::connect::{Access, closed_on_error, connect};
use crate::open::examine::table_with_broken_text;

/// Thoroughness of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Depth {
    /// Every page and row is sound (`quick_check`): reads the whole file, without comparing indexes
    /// with their tables.
    Quick,
    /// Every index agrees with its table, too (`integrity_check`), and every text is UTF-8 and has
    /// the form that its store declares: several times slower.
    Full,
}

/// Wait of a checkpoint for other connections: longer than most reads, and short enough that a
/// deletion, which ends with checkpoints, does not seem to hang.
const PATIENCE: Duration = Duration::from_millis(250);

/// Limit of problems that a check lists.
const MOST_PROBLEMS: u32 = 100;

impl Database {
    /// Checks the file's structure and its foreign keys. Returns up to 100 problems; an empty list
    /// is good.
    ///
    /// Reads the whole file.
    ///
    /// # Errors
    ///
    /// [`DbError::Busy`], [`DbError::Changed`], [`DbError::Io`]: the file could not be checked.
    /// Damage that keeps SQLite from reading the schema is a problem in the list, not an error.
    pub async fn check(&self, depth: Depth) -> Result<Vec<String>, DbError> {
        let pragma = match depth {
            Depth::Quick => "quick_check",
            Depth::Full => "integrity_check",
        };
        let statement = AssertSqlSafe(format!("PRAGMA {pragma}({MOST_PROBLEMS})"));
        let lines = sqlx::query_scalar::<_, String>(statement).persistent(false);
        let dangling = sqlx::query_scalar(
            "SELECT format('row %s of %s points to a row of %s that does not exist', \
               coalesce(rowid, '?'), \"table\", parent) FROM pragma_foreign_key_check LIMIT +?1",
        );
        let is_damage = |error: &sqlx::Error| ErrorClass::of(error) == ErrorClass::Corrupt;
        let forms = self.inner.spec.forms;
        let check = self.read(async |conn| {
            let mut problems = match lines.fetch_all(&mut *conn).await {
                Err(error) if is_damage(&error) => return Ok(vec![error.to_string()]),
                lines => lines?,
            };
            problems.retain(|line| line != "ok");
            match dangling.bind(MOST_PROBLEMS).fetch_all(&mut *conn).await {
                Err(error) if is_damage(&error) => problems.push(error.to_string()),
                lines => problems.extend::<Vec<String>>(lines?),
            }
            if depth == Depth::Full && problems.is_empty() {
                let table = table_with_broken_text(conn).await?;
                problems.extend(table.map(|table| format!("a text in {table} is not UTF-8")));
                problems.extend(form::problem(conn, forms).await);
            }
            Ok(problems)
        });
        check.await
    }

    /// Writes the log back into the database and truncates it. Returns false if a reader elsewhere
    /// kept part of it.
    ///
    /// Waits at most 250 ms for other processes, and for a write of this one as
    /// [`begin`](Self::begin) does. A later checkpoint, or the last connection to close, does the
    /// rest.
    ///
    /// # Errors
    ///
    /// [`DbError::ReadOnly`], [`DbError::Closed`], [`DbError::Busy`] as for [`begin`](Self::begin);
    /// [`DbError::Full`], [`DbError::Io`], [`DbError::Corrupt`]: the log could not be written back.
    /// Nothing is lost.
    pub async fn checkpoint(&self) -> Result<bool, DbError> {
        let inner = &self.inner;
        let patience = PATIENCE.min(self.options.busy_timeout);
        let failed = |error| DbError::sqlx(&inner.paths, patience, error);
        // Keeps this process from writing meanwhile.
        let _writer = self.idle_writer().await?;
        // On its own connection: a timeout that is changed on the writer would stay if this is
        // cancelled.
        let connection = connect(inner.spec, &inner.paths.database, patience, Access::Write).await;
        let mut connection = connection.map_err(failed)?;
        let kept = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut connection).await;
        let (connection, kept) = closed_on_error(connection, kept).await.map_err(failed)?;
        connection.close().await.map_err(failed)?;
        let kept: bool = kept;
        Ok(!kept)
    }
}

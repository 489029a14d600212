//! Notices commits of other connections, in this process or in others.

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::Database;
use crate::error::DbError;

/// Watch over a database's commits, with a connection of its own.
#[derive(Debug)]
pub struct CommitWatch {
    database: Database,
    connection: Option<SqliteConnection>,
    seen: Option<i64>,
}

impl Database {
    /// Returns a watch over the commits from its first question on.
    #[must_use]
    pub fn watch(&self) -> CommitWatch {
        CommitWatch { database: self.clone(), connection: None, seen: None }
    }
}

impl CommitWatch {
    /// Returns true if there was a commit since the last question, and at the first one. Costs one
    /// statement that reads no page.
    ///
    /// # Errors
    ///
    /// [`DbError::Closed`], [`DbError::Busy`], [`DbError::Io`], [`DbError::Corrupt`]; the next
    /// question is answered as the first.
    pub async fn has_changed(&mut self) -> Result<bool, DbError> {
        let inner = &self.database.inner;
        if inner.permits.is_closed() {
            return Err(inner.closed());
        }
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                self.seen = None;
                inner.connect(inner.access).await?
            }
        };
        let version = sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut connection).await;
        let version: i64 = version.map_err(|error| inner.error(error))?;
        self.connection = Some(connection);
        Ok(self.seen.replace(version) != Some(version))
    }

    /// Closes its connection.
    pub async fn close(mut self) {
        if let Some(connection) = self.connection.take() {
            // It has nothing to write.
            let _ = connection.close().await;
        }
    }
}

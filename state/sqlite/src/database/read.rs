//! Reading: with a connection that cannot write, lent and given back, and confirmed.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;
use tokio::sync::OwnedSemaphorePermit;

use super::{Database, Inner};
use crate::error::DbError;

impl Database {
    /// Takes a reader connection, waiting for one when all are in use.
    ///
    /// Whoever reads with it has to [`confirm`](Reader::confirm) what it gave; [`read`](Self::read) cannot forget to.
    ///
    /// # Errors
    ///
    /// * [`DbError::Closed`] after [`close`](Self::close).
    /// * [`DbError::Changed`] if another program wrote to a database that was opened read-only with nobody else on it.
    /// * [`DbError::Busy`], [`DbError::Io`], [`DbError::Corrupt`]: no connection could be opened.
    pub async fn reader(&self) -> Result<Reader, DbError> {
        Reader::take(&self.inner).await
    }

    /// Reads: lends a reader connection to `work`, sorts its error, and confirms what it gave.
    ///
    /// What is returned is of one state of the database, as far as it came from one statement or one transaction: see
    /// [`Reader`], and [`Reader::confirm`] for what could be in its way.
    ///
    /// # Errors
    ///
    /// * [`DbError::Changed`]: another program wrote to a database that was opened read-only with nobody else on it; open
    ///   it again and repeat.
    /// * What [`reader`](Self::reader) gives, and the error of `work`, sorted.
    pub async fn read<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, DbError> {
        let mut reader = self.reader().await?;
        let read = work(reader.conn()).await.map_err(|error| reader.error(error))?;
        reader.confirm()?;
        Ok(read)
    }
}

/// A connection with `query_only` on; dereferences to sqlx's. Dropping it gives it back.
///
/// Statements of one reader that must agree with each other belong in one transaction: `reader.begin()` of sqlx's
/// `Connection` starts one that sees the database as it is at its first statement.
pub struct Reader {
    connection: Option<SqliteConnection>,
    inner: Arc<Inner>,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    pub(crate) async fn take(inner: &Arc<Inner>) -> Result<Self, DbError> {
        let permit = inner.permits.clone().acquire_owned().await.map_err(|_| inner.closed())?;
        inner.unchanged()?;
        let idle = inner.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => inner.connect(inner.access).await?,
        };
        Ok(Self { connection: Some(connection), inner: Arc::clone(inner), _permit: permit })
    }

    /// Returns the connection.
    pub fn conn(&mut self) -> &mut SqliteConnection {
        self
    }

    /// Sorts an error that a statement on this connection gave.
    #[must_use]
    pub fn error(&self, error: sqlx::Error) -> DbError {
        self.inner.error(error)
    }

    /// Confirms what was read so far: that it is of one state of the database.
    ///
    /// Matters for a database that was opened read-only with nobody else on it, which is read without locks: a program that
    /// writes meanwhile can make a statement answer with rows of two states. Everywhere else it is always so.
    ///
    /// # Errors
    ///
    /// [`DbError::Changed`]: another program wrote; open the database again and repeat.
    pub fn confirm(&self) -> Result<(), DbError> {
        self.inner.unchanged()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Asked with the list in hand: closing empties it under the same lock.
            let mut idle = self.inner.idle();
            if !self.inner.permits.is_closed() {
                idle.push(connection);
            }
        }
    }
}

impl Deref for Reader {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection.as_ref().expect("only drop takes the connection")
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().expect("only drop takes the connection")
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reader").field("path", &self.inner.paths.database).finish_non_exhaustive()
    }
}

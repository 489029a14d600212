//! Reading, on connections that cannot write.

use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;
use tokio::sync::OwnedSemaphorePermit;

use super::{Database, Inner};
use crate::boxed::Boxed;
use crate::error::DbError;

impl Database {
    /// Takes a reader connection, and waits for one if all are in use.
    ///
    /// The caller must [`confirm`](Reader::confirm) the result; [`read`](Self::read) does so by
    /// itself.
    ///
    /// # Errors
    ///
    /// * [`DbError::Closed`] after [`close`](Self::close).
    /// * [`DbError::Changed`]: another program wrote to a database that was opened read-only while
    ///   unused.
    /// * [`DbError::Busy`], [`DbError::Io`], [`DbError::Corrupt`]: no connection could be opened.
    pub fn reader(&self) -> Boxed<'_, Result<Reader, DbError>> {
        Box::pin(Reader::take(&self.inner))
    }

    /// Runs `work` on a reader connection, sorts its error, and confirms the result.
    ///
    /// The result of one statement or one transaction is of one state of the database: see
    /// [`Reader`].
    ///
    /// # Errors
    ///
    /// * [`DbError::Changed`]: another program wrote to a database that was opened read-only while
    ///   unused. Open it again.
    /// * The errors of [`reader`](Self::reader), and the error of `work`, sorted.
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

/// A connection with `query_only` on. Dropping it returns it.
///
/// Statements of one reader that must agree with each other belong in one transaction:
/// `reader.conn().begin()` of sqlx's `Connection` starts a transaction that sees the
/// database as it is at its first statement.
#[derive(Debug)]
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
        self.connection.as_mut().expect("only drop takes the connection")
    }

    /// Sorts the error of a statement on this connection.
    #[must_use]
    pub fn error(&self, error: sqlx::Error) -> DbError {
        self.inner.error(error)
    }

    /// Confirms that everything read so far is of one state of the database.
    ///
    /// A database that was opened read-only while unused is read without locks, so that a program
    /// that writes meanwhile can make a statement return rows of two states. In every other case
    /// this succeeds.
    ///
    /// # Errors
    ///
    /// [`DbError::Changed`]: another program wrote. Open the database again.
    pub fn confirm(&self) -> Result<(), DbError> {
        self.inner.unchanged()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Closing empties the list under the same lock.
            let mut idle = self.inner.idle();
            if !self.inner.permits.is_closed() {
                idle.push(connection);
            }
        }
    }
}

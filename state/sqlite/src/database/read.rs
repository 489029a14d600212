//! Reading, on connections that cannot write.

use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;
use tokio::sync::OwnedSemaphorePermit;

use super::{Database, Inner};
use crate::boxed::Boxed;
use crate::error::DbError;

impl Database {
    /// Runs `work` on a connection that cannot write, and sorts its error. Waits for a connection
    /// if all are in use.
    ///
    /// Statements that must agree with each other belong in one transaction: `conn.begin()` of
    /// sqlx's `Connection` starts a transaction that sees the database as it is at its first
    /// statement.
    ///
    /// # Errors
    ///
    /// * [`DbError::Changed`]: another program wrote to a database that was opened read-only while
    ///   unused, and is read without locks. The result may be of two states. Open it again.
    /// * [`DbError::Closed`] after [`close`](Self::close).
    /// * [`DbError::Busy`], [`DbError::Io`], [`DbError::Corrupt`]: no connection could be opened.
    /// * The error of `work`, sorted.
    pub async fn read<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, DbError> {
        let mut reader = Reader::take(&self.inner).await?;
        let connection = reader.connection.as_mut().expect("only drop takes the connection");
        let read = work(connection).await.map_err(|error| self.inner.error(error))?;
        self.inner.unchanged()?;
        Ok(read)
    }
}

/// A connection with `query_only` on. Dropping it returns it.
struct Reader {
    connection: Option<SqliteConnection>,
    inner: Arc<Inner>,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    fn take(inner: &Arc<Inner>) -> Boxed<'_, Result<Self, DbError>> {
        Box::pin(async move {
            let permit = inner.permits.clone().acquire_owned().await.map_err(|_| inner.closed())?;
            inner.unchanged()?;
            let idle = inner.idle().pop();
            let connection = match idle {
                Some(connection) => connection,
                None => inner.connect(inner.access).await?,
            };
            Ok(Self { connection: Some(connection), inner: Arc::clone(inner), _permit: permit })
        })
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

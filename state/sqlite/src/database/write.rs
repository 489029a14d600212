//! Write transactions: BEGIN IMMEDIATE on this process's one writer.

use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use sqlx_core::transaction::TransactionManager as _;
use tokio::sync::OwnedMutexGuard;

use super::durability::{Durability, Level, Writer};
use super::retry::Retry;
use super::transaction::{Manager, begin_immediate, commit};
use super::{Database, Inner};
use crate::boxed::Boxed;
use crate::error::{DbError, ErrorClass, StoreError};
use crate::options::OpenOptions;
use crate::telemetry::{self, names};

/// Error that rolls back a [`Database::write`].
///
/// `?` makes it from an error of sqlx and from every [`StoreError`](crate::StoreError).
#[derive(Debug)]
pub enum WriteError<E> {
    /// A statement failed. The caller of `write` gets it as a [`DbError`].
    Statement(sqlx::Error),
    /// The store refuses the write. The caller of `write` gets this error unchanged.
    Store(E),
}

impl<E> From<sqlx::Error> for WriteError<E> {
    fn from(error: sqlx::Error) -> Self {
        Self::Statement(error)
    }
}

impl<E: StoreError> From<E> for WriteError<E> {
    fn from(error: E) -> Self {
        Self::Store(error)
    }
}

impl Database {
    /// Runs `work` in a write transaction: commits when it returns `Ok`, and rolls back otherwise.
    ///
    /// Waits as [`begin`](Self::begin) does, and may be cancelled at any point: either all of the
    /// transaction is in the database or nothing.
    ///
    /// # Errors
    ///
    /// * The errors of [`begin`](Self::begin) and [`WriteTx::commit`].
    /// * A failed statement of `work`, as a [`DbError`], or the error that `work` returned. Nothing
    ///   was written.
    pub async fn write<T, E: From<DbError>>(
        &self,
        durability: Durability,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, WriteError<E>>,
    ) -> Result<T, E> {
        let mut tx = self.begin(durability).await?;
        let refused = match work(tx.conn()).await {
            Ok(done) => {
                tx.commit().await?;
                return Ok(done);
            }
            Err(WriteError::Statement(error)) => tx.error(error).into(),
            Err(WriteError::Store(error)) => error,
        };
        tx.rollback().await;
        Err(refused)
    }

    /// Begins a write transaction. [`write`](Self::write) is simpler where nothing is decided
    /// between the statements and the commit.
    ///
    /// Takes this process's one writer and the database's write lock. Waits for both, at most as
    /// long as [`OpenOptions::write_timeout`](crate::OpenOptions::write_timeout) and the
    /// [patience](Self::within) of this handle. May be cancelled at any point: the writer is then
    /// as it was.
    ///
    /// # Errors
    ///
    /// * [`DbError::Busy`]: the wait was too long; the error names the holder of the lock.
    /// * [`DbError::ReadOnly`]: the database was opened read-only.
    /// * [`DbError::Newer`]: a newer program has made the file unusable for this one since it was
    ///   opened.
    /// * [`DbError::Closed`] after [`close`](Self::close).
    /// * [`DbError::Io`], [`DbError::Full`], [`DbError::Corrupt`]: SQLite could not begin.
    pub fn begin(&self, durability: Durability) -> Boxed<'_, Result<WriteTx, DbError>> {
        Box::pin(async move {
            let (inner, options) = (&self.inner, &self.options);
            let level = Level::of(durability, inner.spec.kind, inner.journal);
            let mut retry = Retry::new(options.write_timeout);
            let result = begin(inner, level, options, &mut retry).await;
            if retry.tries() > 0 {
                let status = if result.is_ok() { "ok" } else { "error" };
                let tags = [("db", inner.spec.label), ("status", status)];
                telemetry::report(names::WRITE_WAIT, retry.waited(), &tags);
            }
            result
        })
    }

    /// Takes the writer while it is in no transaction, so that no task of this process writes.
    pub(crate) async fn idle_writer(&self) -> Result<Guard, DbError> {
        let mut writer = lock(&self.inner, &Retry::new(self.options.write_timeout)).await?;
        // Waits for the rollback of a dropped transaction. Discards a connection that an earlier
        // failure left within a transaction that it cannot leave.
        if let Some(Writer { connection, .. }) = &mut *writer
            && Manager::rollback(connection).await.is_err()
        {
            *writer = None;
        }
        Ok(writer)
    }
}

/// Exclusive use of the writer.
pub(crate) type Guard = OwnedMutexGuard<Option<Writer>>;

async fn lock(inner: &Inner, retry: &Retry) -> Result<Guard, DbError> {
    if inner.read_only {
        return Err(DbError::ReadOnly(inner.paths.database.clone()));
    }
    let lock = tokio::time::timeout(retry.left(), Arc::clone(&inner.writer).lock_owned());
    let writer = lock.await.map_err(|_| inner.busy(retry.waited()))?;
    // Checked under the lock, because closing takes the connection under the same lock.
    if inner.permits.is_closed() { Err(inner.closed()) } else { Ok(writer) }
}

async fn begin(
    inner: &Arc<Inner>,
    level: Level,
    options: &OpenOptions,
    retry: &mut Retry,
) -> Result<WriteTx, DbError> {
    let mut writer = lock(inner, retry).await?;
    loop {
        let fresh = writer.is_none();
        let connection = match &mut *writer {
            Some(connection) => connection,
            none => none.insert(inner.connect_writer().await?),
        };
        let begun = match connection.reach(level, options.busy_timeout, retry).await {
            Ok(()) => begin_immediate(&mut connection.connection, retry).await,
            error => error,
        };
        match begun {
            Ok(()) => break,
            Err(error) => match ErrorClass::of(&error) {
                ErrorClass::Busy => return Err(inner.busy(retry.waited())),
                // An earlier failure left the connection within a transaction, or its thread is
                // gone: retry with a new one, and return the error of a new one.
                _ if !fresh => *writer = None,
                _ => {
                    *writer = None;
                    return Err(inner.error(error));
                }
            },
        }
    }
    let write_timeout = options.write_timeout;
    let mut transaction = WriteTx { writer, inner: Arc::clone(inner), write_timeout, open: true };
    transaction.check_floor().await?;
    Ok(transaction)
}

/// A write transaction. Dropping it without [`commit`](Self::commit) rolls it back.
#[derive(Debug)]
pub struct WriteTx {
    writer: Guard,
    inner: Arc<Inner>,
    write_timeout: Duration,
    open: bool,
}

impl WriteTx {
    /// Returns the connection.
    pub fn conn(&mut self) -> &mut SqliteConnection {
        &mut self.writer.as_mut().expect("an open transaction has its connection").connection
    }

    /// Sorts the error of a statement of this transaction.
    #[must_use]
    pub fn error(&self, error: sqlx::Error) -> DbError {
        self.inner.error(error)
    }

    /// Commits. After an error, nothing of the transaction is in the database.
    ///
    /// # Errors
    ///
    /// * [`DbError::Busy`]: readers of a rollback-journal database were in the way for too long.
    /// * [`DbError::Full`], [`DbError::Io`], [`DbError::Corrupt`]: SQLite could not write.
    /// * [`DbError::Statement`]: a deferred constraint does not hold.
    pub fn commit(self) -> Boxed<'static, Result<(), DbError>> {
        Box::pin(self.finish())
    }

    async fn finish(mut self) -> Result<(), DbError> {
        let mut retry = Retry::new(self.write_timeout);
        let mut appended = None;
        let inner = Arc::clone(&self.inner);
        if let Some(decisions) = inner.decisions() {
            match decisions.before_commit(self.conn()).await {
                Ok(in_line) => appended = in_line.appended,
                Err(error) => {
                    self.end().await;
                    return Err(error);
                }
            }
        }
        let Err(error) = commit(self.conn(), &mut retry).await else {
            self.open = false;
            if let Some(appended) = appended {
                appended.confirm();
            }
            return Ok(());
        };
        self.end().await;
        drop(appended);
        match ErrorClass::of(&error) {
            ErrorClass::Busy => Err(self.inner.busy(retry.waited())),
            _ => Err(self.inner.error(error)),
        }
    }

    /// Rolls back, and waits until that is done.
    pub fn rollback(mut self) -> Boxed<'static, ()> {
        Box::pin(async move { self.end().await })
    }

    /// Rolls back. Discards a connection that cannot, and with it its transaction.
    async fn end(&mut self) {
        if Manager::rollback(self.conn()).await.is_err() {
            *self.writer = None;
        }
        self.open = false;
    }

    /// Fails if a newer program has raised the file's floor above this program's version.
    async fn check_floor(&mut self) -> Result<(), DbError> {
        let floor = sqlx::query_scalar("PRAGMA user_version").fetch_one(self.conn()).await;
        let needs: i64 = floor.map_err(|error| self.error(error))?;
        let knows = self.inner.spec.newest_version();
        if needs > knows {
            return Err(DbError::Newer { path: self.inner.paths.database.clone(), needs, knows });
        }
        Ok(())
    }
}

impl Drop for WriteTx {
    fn drop(&mut self) {
        if self.open
            && let Some(connection) = &mut *self.writer
        {
            // Queued on the connection's own thread, before the statements of the next transaction.
            Manager::start_rollback(&mut connection.connection);
        }
    }
}

//! An open database: the one writer of this process, and readers that are opened as they are needed.

pub(crate) mod durability;
pub(crate) mod lazy;
pub(crate) mod maintenance;
pub(crate) mod read;
pub(crate) mod retry;
pub(crate) mod transaction;
pub(crate) mod write;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};

use self::durability::Writer;
use crate::error::DbError;
use crate::open::change_guard::ChangeGuard;
use crate::open::connect::{Access, connect};
use crate::open::snapshot;
use crate::options::{JournalMode, OpenOptions};
use crate::paths::DbPaths;
use crate::spec::DbSpec;
use crate::system::holders;

/// An open database. Cloning gives another handle to the same connections.
#[derive(Clone)]
pub struct Database {
    pub(crate) inner: Arc<Inner>,
}

/// What all clones, transactions and readers share.
pub(crate) struct Inner {
    pub(crate) spec: &'static DbSpec,
    pub(crate) paths: DbPaths,
    pub(crate) options: OpenOptions,
    pub(crate) journal: JournalMode,
    /// How a reader reads; decides whether there is a writer.
    pub(crate) access: Access,
    /// The one writer. Empty until it is needed, and after a failure that left it in doubt.
    pub(crate) writer: Arc<AsyncMutex<Option<Writer>>>,
    /// One permit a reader. Closed when the database is.
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) idle: Mutex<Vec<SqliteConnection>>,
    /// What the files were before they were first read.
    pub(crate) guard: ChangeGuard,
}

impl Database {
    pub(crate) fn new(
        spec: &'static DbSpec,
        paths: DbPaths,
        options: OpenOptions,
        journal: JournalMode,
        access: Access,
        guard: ChangeGuard,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(options.readers as usize));
        let (writer, idle) = (Arc::default(), Mutex::default());
        Self {
            inner: Arc::new(Inner { spec, paths, options, journal, access, writer, permits, idle, guard }),
        }
    }

    pub(crate) fn with_writer(
        spec: &'static DbSpec,
        paths: DbPaths,
        options: OpenOptions,
        journal: JournalMode,
        connection: SqliteConnection,
    ) -> Self {
        let guard = ChangeGuard::of(&paths);
        let database = Self::new(spec, paths, options, journal, Access::Read, guard);
        if let Ok(mut writer) = database.inner.writer.try_lock() {
            *writer = Some(Writer::new(spec.kind, connection));
        }
        database
    }

    pub(crate) fn keep_reader(&self, connection: SqliteConnection) {
        self.inner.idle().push(connection);
    }

    /// Returns what the database is.
    #[must_use]
    pub fn spec(&self) -> &'static DbSpec {
        self.inner.spec
    }

    /// Returns the database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.paths.database
    }

    /// Returns the database file and what is beside it.
    #[must_use]
    pub fn paths(&self) -> &DbPaths {
        &self.inner.paths
    }

    /// Returns the journal mode that was found or set at opening.
    #[must_use]
    pub fn journal_mode(&self) -> JournalMode {
        self.inner.journal
    }

    /// Says whether the database was opened read-only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.inner.options.read_only
    }

    /// Sorts an error that a statement on one of this database's connections gave.
    #[must_use]
    pub fn error(&self, error: sqlx::Error) -> DbError {
        self.inner.error(error)
    }

    /// Copies the database to a new file: whole, on the disk, and there only when it is both.
    ///
    /// # Errors
    ///
    /// * [`DbError::Exists`] if there is something at `to`.
    /// * [`DbError::Full`], [`DbError::Io`]: the target cannot be written.
    /// * [`DbError::Changed`] as for [`reader`](Self::reader): there is no copy then.
    /// * [`DbError::Busy`], [`DbError::Corrupt`], [`DbError::Statement`]: the database cannot be read.
    pub async fn snapshot(&self, to: &Path) -> Result<(), DbError> {
        let to = std::path::absolute(to).map_err(|error| DbError::io("find", to, error))?;
        if to.symlink_metadata().is_ok() {
            return Err(DbError::Exists { path: to });
        }
        let inner = &self.inner;
        // A handle of its own: a copy can take long, and neither the writer nor a reader should miss theirs for it.
        let access = if inner.access == Access::Read { Access::Copy } else { inner.access };
        let mut connection = inner.connect(access).await?;
        sqlx::Executor::execute(&mut connection, "PRAGMA query_only = OFF")
            .await
            .map_err(|error| inner.error(error))?;
        let copied = snapshot::copy(&mut connection, &to).await;
        if let Err(changed) = inner.unchanged() {
            if copied.is_ok() {
                let _ = std::fs::remove_file(&to);
            }
            return Err(changed);
        }
        copied.map_err(|error| snapshot::asked_for(&inner.paths, &to, error))
    }

    /// Closes all connections of this process, and with the last one on the file its log is written back.
    ///
    /// Waits for the write that is running. Readers that are in use close when they are dropped.
    ///
    /// # Errors
    ///
    /// [`DbError::Io`], [`DbError::Full`] and their like when writing back failed; nothing is lost by that.
    pub async fn close(self) -> Result<(), DbError> {
        let inner = &self.inner;
        let idle = {
            let mut idle = inner.idle();
            inner.permits.close();
            std::mem::take(&mut *idle)
        };
        let writer = inner.writer.lock().await.take().map(|writer| writer.connection);
        for connection in idle.into_iter().chain(writer) {
            connection.close().await.map_err(|error| inner.error(error))?;
        }
        Ok(())
    }
}

impl Inner {
    pub(crate) fn idle(&self) -> std::sync::MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn connect(&self, access: Access) -> Result<SqliteConnection, DbError> {
        let connected = connect(self.spec, &self.paths.database, self.options.busy_timeout, access).await;
        connected.map_err(|error| self.error(error))
    }

    pub(crate) async fn connect_writer(&self) -> Result<Writer, DbError> {
        Ok(Writer::new(self.spec.kind, self.connect(Access::Write).await?))
    }

    /// Sorts an error; that the file changed under a reader without locks explains every other.
    pub(crate) fn error(&self, error: sqlx::Error) -> DbError {
        if let Err(changed) = self.unchanged() {
            return changed;
        }
        DbError::sqlx(&self.paths, self.options.busy_timeout, error)
    }

    /// Refuses what was read without locks while another program wrote.
    pub(crate) fn unchanged(&self) -> Result<(), DbError> {
        if self.guard.is_stale(self.access, &self.paths) {
            return Err(DbError::Changed { path: self.paths.database.clone() });
        }
        Ok(())
    }

    pub(crate) fn closed(&self) -> DbError {
        DbError::Closed { path: self.paths.database.clone() }
    }

    pub(crate) fn busy(&self, waited: Duration) -> DbError {
        let holder = holders::of_database(&self.paths);
        DbError::Busy { path: self.paths.database.clone(), holder, waited }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Database")
            .field("path", &self.path())
            .field("journal_mode", &self.journal_mode())
            .field("read_only", &self.is_read_only())
            .finish_non_exhaustive()
    }
}

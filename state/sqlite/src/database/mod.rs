//! An open database: this process's one writer, and readers that are opened when they are needed.

mod decisions;
pub(crate) mod durability;
pub(crate) mod lazy;
pub(crate) mod maintenance;
pub(crate) mod read;
pub(crate) mod retry;
mod snapshots;
pub(crate) mod transaction;
pub(crate) mod watch;
pub(crate) mod write;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Executor as _};
use tokio::sync::{Mutex as AsyncMutex, Semaphore};

use self::durability::Writer;
use crate::decisions::kind::DecisionKind;
use crate::decisions::sync::Sync;
use crate::error::{DbError, ErrorClass};
use crate::open::change_guard::ChangeGuard;
use crate::open::connect::{Access, connect};
use crate::open::examine::examine;
use crate::open::seal::{self, Check};
use crate::open::snapshot;
use crate::options::{JournalMode, OpenOptions};
use crate::paths::DbPaths;
use crate::recovery::Recovery;
use crate::spec::DbSpec;
use crate::system::holders;

/// Limit of reader connections, which are opened when they are needed.
const READERS: usize = 4;

/// An open database. Cloning gives another handle to the same connections.
#[derive(Clone, Debug)]
pub struct Database {
    pub(crate) inner: Arc<Inner>,
    /// Options with the waits of this handle.
    pub(crate) options: OpenOptions,
    pub(crate) recovery: Option<Recovery>,
}

/// State that all clones, transactions and readers share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) spec: &'static DbSpec,
    pub(crate) paths: DbPaths,
    pub(crate) busy_timeout: Duration,
    pub(crate) read_only: bool,
    pub(crate) journal: JournalMode,
    /// Access of readers.
    pub(crate) access: Access,
    /// The one writer. Empty until the first write, and after a failure that left it in an unknown
    /// state.
    pub(crate) writer: Arc<AsyncMutex<Option<Writer>>>,
    /// One permit for each reader. Closed with the database.
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) idle: Mutex<Vec<SqliteConnection>>,
    /// State of the files before they were first read.
    pub(crate) guard: ChangeGuard,
    /// True once SQLite has found damage, so that closing does not seal it.
    is_damaged: AtomicBool,
    /// True once the database was checked and found sound.
    is_examined: AtomicBool,
    /// Kinds of decisions that are kept in a file; none for a snapshot.
    decisions: &'static [DecisionKind],
}

impl Database {
    pub(crate) fn new(
        spec: &'static DbSpec,
        paths: DbPaths,
        options: OpenOptions,
        journal: JournalMode,
        access: Access,
        guard: ChangeGuard,
        decisions: &'static [DecisionKind],
    ) -> Self {
        let permits = Arc::new(Semaphore::new(READERS));
        let OpenOptions { busy_timeout, read_only, .. } = options;
        let (writer, idle) = (Arc::default(), Mutex::default());
        let (is_damaged, is_examined) = (AtomicBool::new(false), AtomicBool::new(false));
        let inner = Inner {
            spec,
            paths,
            busy_timeout,
            read_only,
            journal,
            access,
            writer,
            permits,
            idle,
            guard,
            is_damaged,
            is_examined,
            decisions,
        };
        Self { inner: Arc::new(inner), options, recovery: None }
    }

    /// Keeps the connection of a database that was just opened as its writer.
    pub(crate) fn keep_writer(&self, connection: SqliteConnection) {
        if let Ok(mut writer) = self.inner.writer.try_lock() {
            *writer = Some(Writer::new(self.inner.spec.kind, self.inner.busy_timeout, connection));
        }
    }

    /// Returns a handle to the same connections that waits at most `patience` for other processes
    /// when it writes.
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        Self { options: self.options.within(patience), ..self.clone() }
    }

    pub(crate) fn keep_reader(&self, connection: SqliteConnection) {
        self.inner.idle().push(connection);
    }

    /// Returns the path of the database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.paths.database
    }

    /// Returns the paths of the database file and the files next to it.
    #[must_use]
    pub fn paths(&self) -> &DbPaths {
        &self.inner.paths
    }

    /// Returns what opening had to do for a database that was lost, damaged or behind its
    /// decisions. `None`: nothing.
    #[must_use]
    pub fn recovery(&self) -> Option<&Recovery> {
        self.recovery.as_ref()
    }

    /// Checks structure and schema before the first use.
    pub(crate) async fn examine(&self) -> Result<(), DbError> {
        let mut writer = self.idle_writer().await?;
        let Some(Writer { connection, .. }) = &mut *writer else { return Ok(()) };
        let Inner { spec, paths, .. } = &*self.inner;
        let examined = examine(connection, spec, paths).await;
        let found = if examined.is_ok() { &self.inner.is_examined } else { &self.inner.is_damaged };
        found.store(true, Ordering::Relaxed);
        examined
    }

    /// Returns true if the database was opened read-only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.inner.read_only
    }

    /// Copies the database to a new file. The file appears when the copy is complete and on the
    /// disk.
    ///
    /// # Errors
    ///
    /// * [`DbError::Exists`]: `to` exists.
    /// * [`DbError::Full`], [`DbError::Io`]: `to` cannot be written.
    /// * [`DbError::Changed`] as for [`read`](Self::read); there is no copy then.
    /// * [`DbError::Busy`], [`DbError::Corrupt`], [`DbError::Statement`]: the database cannot be
    ///   read.
    pub async fn snapshot(&self, to: &Path) -> Result<(), DbError> {
        let to = std::path::absolute(to).map_err(|error| DbError::io("find", to, error))?;
        if to.symlink_metadata().is_ok() {
            return Err(DbError::Exists(to));
        }
        let inner = &self.inner;
        // On its own connection: a copy can take long and must not block the writer or a reader.
        let mut connection = inner.connect(inner.access).await?;
        // `VACUUM INTO` is a write to SQLite, although not to this file. The copy takes over
        // `secure_delete`. Without it, stale words stay between the rows of the copy, where no
        // deletion finds them.
        let pragmas = "PRAGMA query_only = OFF; PRAGMA secure_delete = ON";
        connection.execute(pragmas).await.map_err(|error| inner.error(error))?;
        let copied = snapshot::copy(&inner.paths, &mut connection, &to).await;
        if let Err(changed) = inner.unchanged() {
            if copied.is_ok() {
                let _ = std::fs::remove_file(&to);
            }
            return Err(changed);
        }
        copied
    }

    /// Closes this process's connections. SQLite writes the log back when the file's last
    /// connection closes.
    ///
    /// Waits for a running write. Readers in use close when they are dropped.
    ///
    /// # Errors
    ///
    /// [`DbError::Io`], [`DbError::Full`], [`DbError::Corrupt`]: the log could not be written back.
    /// Nothing is lost.
    pub async fn close(self) -> Result<(), DbError> {
        let check = self.last_check().await;
        self.end(check).await
    }

    /// Returns the last check of the database; `None` if it may be damaged, and must not be sealed.
    /// Checks a small database that has changed, because its seal would cover damage that came
    /// while it was open.
    async fn last_check(&self) -> Option<Check> {
        let Inner { paths, is_damaged, is_examined, read_only, .. } = &*self.inner;
        if *read_only || is_damaged.load(Ordering::Relaxed) {
            return None;
        }
        if !seal::needs_check(paths) {
            let is_examined = is_examined.load(Ordering::Relaxed);
            return Some(if is_examined { Check::AtOpening } else { Check::Earlier });
        }
        let mut writer = self.idle_writer().await.ok()?;
        let Some(Writer { connection, .. }) = &mut *writer else { return None };
        // Pages in the connection's memory need not be as they are on the disk.
        connection.execute("PRAGMA shrink_memory").await.ok()?;
        let check = sqlx::query_scalar("PRAGMA quick_check(1)").persistent(false);
        let found: Result<String, _> = check.fetch_one(connection).await;
        found.is_ok_and(|found| found == "ok").then_some(Check::AtClosing)
    }

    /// Closes the connections, and seals the database if it has passed a check.
    pub(crate) async fn end(self, check: Option<Check>) -> Result<(), DbError> {
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
        if let Some(check) = check {
            seal::write(&inner.paths, check);
        }
        Ok(())
    }
}

impl Inner {
    /// Returns access to the decisions, if the database keeps any.
    pub(crate) fn decisions(&self) -> Option<Sync<'_>> {
        let Self { spec, paths, decisions: kinds, .. } = self;
        (!kinds.is_empty()).then_some(Sync { label: spec.label, kinds, paths })
    }

    pub(crate) fn idle(&self) -> std::sync::MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn connect(&self, access: Access) -> Result<SqliteConnection, DbError> {
        let connected = connect(self.spec, &self.paths.database, self.busy_timeout, access).await;
        connected.map_err(|error| self.error(error))
    }

    pub(crate) async fn connect_writer(&self) -> Result<Writer, DbError> {
        let connection = self.connect(Access::Write).await?;
        Ok(Writer::new(self.spec.kind, self.busy_timeout, connection))
    }

    /// Sorts an error. A file that changed under a reader without locks explains every other error.
    pub(crate) fn error(&self, error: sqlx::Error) -> DbError {
        if let Err(changed) = self.unchanged() {
            return changed;
        }
        let error = DbError::sqlx(&self.paths, self.busy_timeout, error);
        if !self.read_only && error.class() == ErrorClass::Corrupt {
            // The next opening checks it.
            self.is_damaged.store(true, Ordering::Relaxed);
            seal::break_open(&self.paths);
        }
        error
    }

    /// Fails if another program wrote while this one read without locks.
    pub(crate) fn unchanged(&self) -> Result<(), DbError> {
        if self.guard.is_stale(self.access, &self.paths) {
            return Err(DbError::Changed(self.paths.database.clone()));
        }
        Ok(())
    }

    pub(crate) fn closed(&self) -> DbError {
        DbError::Closed(self.paths.database.clone())
    }

    pub(crate) fn busy(&self, waited: Duration) -> DbError {
        let holder = holders::of_database(&self.paths);
        DbError::Busy { path: self.paths.database.clone(), holder, waited }
    }
}

//! Options for opening a database.

use std::sync::Arc;
use std::time::Duration;

use crate::recovery::Recovery;
use crate::system::file_system::FileSystem;

/// Options for opening a database. The defaults suit an agent's machine.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    pub(crate) journal: Option<JournalMode>,
    pub(crate) busy_timeout: Duration,
    pub(crate) write_timeout: Duration,
    /// Wait of opening while another process creates or migrates the database.
    pub(crate) lock_timeout: Duration,
    pub(crate) read_only: bool,
    pub(crate) on_recovery: Option<OnRecovery>,
}

type Listener = dyn Fn(&'static str, &Recovery) + Send + Sync;

/// Listener of recoveries.
#[derive(Clone)]
pub(crate) struct OnRecovery(pub(crate) Arc<Listener>);

impl std::fmt::Debug for OnRecovery {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OnRecovery")
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            journal: None,
            busy_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(60),
            read_only: false,
            on_recovery: None,
        }
    }
}

impl OpenOptions {
    /// Starts from the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses the journal mode. Default: by [`JournalMode::for_file_system`].
    #[must_use]
    pub fn journal(mut self, journal: JournalMode) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Sets SQLite's own wait for a lock in one try. Default: 5 s.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout.min(Duration::from_secs(3600));
        self
    }

    /// Sets the total time for the tries of beginning or committing a write. Default: 30 s.
    ///
    /// Includes the wait for this process's one writer. The last try may take
    /// [`busy_timeout`](Self::busy_timeout) more.
    #[must_use]
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout;
        self
    }

    /// Shortens every wait to at most `patience`.
    pub(crate) fn within(&self, patience: Duration) -> Self {
        Self {
            busy_timeout: self.busy_timeout.min(patience),
            write_timeout: self.write_timeout.min(patience),
            lock_timeout: self.lock_timeout.min(patience),
            ..self.clone()
        }
    }

    /// Makes a damaged database again when it is opened: moves it into a folder `damaged-<time>`
    /// next to it, puts its newest snapshot or an empty database in its place, and stores the
    /// user's decisions there. Default: off, and a damaged database is
    /// [`DbError::Corrupt`](crate::DbError::Corrupt).
    ///
    /// Calls `listener` with the database's label and an account of it, also for a database that
    /// was missing or behind its decisions.
    #[must_use]
    pub fn recover(mut self, listener: impl Fn(&'static str, &Recovery) + Send + Sync + 'static) -> Self {
        self.on_recovery = Some(OnRecovery(Arc::new(listener)));
        self
    }

    /// Opens without writing a byte or creating a file. Beginning a write then fails. Default: off.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }
}

/// Journal mode of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JournalMode {
    /// A write-ahead log. Readers and the writer do not wait for each other. Needs shared memory.
    Wal,
    /// A rollback journal. Slower, and safe on every file system with working locks.
    Delete,
}

impl JournalMode {
    /// Chooses the mode for a file system: DELETE where WAL is unsafe, otherwise WAL.
    #[must_use]
    pub const fn for_file_system(file_system: FileSystem) -> Self {
        match file_system {
            FileSystem::Remote(_) => Self::Delete,
            FileSystem::Local | FileSystem::Unknown => Self::Wal,
        }
    }

    /// Returns the name in `PRAGMA journal_mode`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wal => "wal",
            Self::Delete => "delete",
        }
    }
}

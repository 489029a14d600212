//! How a database is opened.

use std::time::Duration;

use crate::system::file_system::FileSystem;

/// How to open a database. Every option has a default that suits an agent's machine.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    pub(crate) journal: JournalChoice,
    pub(crate) readers: u32,
    pub(crate) busy_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) read_only: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            journal: JournalChoice::Auto,
            readers: 4,
            busy_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(60),
            read_only: false,
        }
    }
}

impl OpenOptions {
    /// Starts from the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses the journal mode. Default: [`JournalChoice::Auto`].
    #[must_use]
    pub fn journal(mut self, journal: JournalChoice) -> Self {
        self.journal = journal;
        self
    }

    /// Bounds the number of reader connections, which are opened as they are needed. Default: 4; at least 1.
    #[must_use]
    pub fn readers(mut self, readers: u32) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// Sets how long SQLite itself waits for a lock in one try. Default: 5 s.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout.min(Duration::from_secs(3600));
        self
    }

    /// Sets how long beginning or committing a write goes on trying, in all. Default: 30 s.
    ///
    /// Counts the wait for this process's one writer, too. A try that has begun is not cut short: the last one may take
    /// [`busy_timeout`](Self::busy_timeout) more.
    #[must_use]
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout;
        self
    }

    /// Sets how long opening waits while another process creates or migrates the database. Default: 60 s.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Opens without writing a byte or creating a file; beginning a write is then an error. Default: off.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }
}

/// Which journal mode to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum JournalChoice {
    /// WAL on local file systems, DELETE where WAL is unsafe.
    #[default]
    Auto,
    /// WAL, whatever the file system is.
    Wal,
    /// DELETE, whatever the file system is.
    Delete,
}

impl JournalChoice {
    pub(crate) fn resolve(self, file_system: FileSystem) -> JournalMode {
        match self {
            Self::Auto => JournalMode::for_file_system(file_system),
            Self::Wal => JournalMode::Wal,
            Self::Delete => JournalMode::Delete,
        }
    }
}

/// The journal mode a database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JournalMode {
    /// A write-ahead log: readers and the writer do not wait for each other. Needs shared memory on one machine.
    Wal,
    /// A rollback journal: slower, and safe on every file system whose locks work.
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

    /// Returns the name that `PRAGMA journal_mode` uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wal => "wal",
            Self::Delete => "delete",
        }
    }
}

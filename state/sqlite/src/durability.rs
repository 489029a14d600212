//! How much a commit waits for the disk: the writer connection, and the level that it is at.
//!
//! A level can change between transactions only, and a transaction that is dropped cannot wait for a statement. So nothing
//! is set back when a transaction ends: each one brings the writer to its own level before it begins. A level that was
//! being changed when its future was cancelled is unknown, and is set again.

use std::ops::{Deref, DerefMut};

use sqlx::Executor as _;
use sqlx::sqlite::SqliteConnection;

use crate::error::ErrorClass;
use crate::options::JournalMode;
use crate::retry::Retry;
use crate::spec::DbKind;

/// What `PRAGMA synchronous` is, and with it `fullfsync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// A power cut may lose the last commits, never the file.
    Normal,
    /// A commit that returned is on the disk, if the journal is a write-ahead log.
    Full,
    /// The same for a rollback journal: its deletion is the commit, and the folder is synced after it.
    Extra,
}

impl Level {
    /// Chooses the level of a transaction that has to be on the disk when it is committed.
    pub(crate) fn durable(journal: JournalMode) -> Self {
        match journal {
            JournalMode::Wal => Self::Full,
            JournalMode::Delete => Self::Extra,
        }
    }

    /// Chooses the level of every other transaction.
    pub(crate) fn usual(kind: DbKind, journal: JournalMode) -> Self {
        match kind {
            DbKind::Rebuildable => Self::Normal,
            DbKind::Durable => Self::durable(journal),
        }
    }

    fn pragmas(self) -> &'static str {
        match self {
            Self::Normal => "PRAGMA synchronous = NORMAL; PRAGMA fullfsync = OFF",
            Self::Full => "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON",
            Self::Extra => "PRAGMA synchronous = EXTRA; PRAGMA fullfsync = ON",
        }
    }
}

/// The writer connection; dereferences to sqlx's.
pub(crate) struct Writer {
    pub(crate) connection: SqliteConnection,
    /// What it is known to be at.
    level: Option<Level>,
}

impl Writer {
    /// Takes a connection as [`connect`](crate::connect::connect) makes it.
    pub(crate) fn new(kind: DbKind, connection: SqliteConnection) -> Self {
        // What `connect` sets, which does not know the journal.
        let level = Level::usual(kind, JournalMode::Wal);
        Self { connection, level: Some(level) }
    }

    /// Brings the connection to a level, trying again while others keep SQLite from reading the schema.
    pub(crate) async fn reach(&mut self, level: Level, retry: &mut Retry) -> Result<(), sqlx::Error> {
        if self.level == Some(level) {
            return Ok(());
        }
        self.level = None;
        loop {
            match self.connection.execute(level.pragmas()).await {
                Ok(_) => break,
                Err(error) if ErrorClass::of(&error) == ErrorClass::Busy && retry.again().await => {}
                Err(error) => return Err(error),
            }
        }
        self.level = Some(level);
        Ok(())
    }
}

impl Deref for Writer {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Writer {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

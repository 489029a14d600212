//! Durability of commits: the writer connection, and its `synchronous` level.
//!
//! A level can change between transactions only, and a transaction that is dropped cannot wait for
//! a statement. So nothing is reset when a transaction ends: each one sets its own level before it
//! begins. A level whose change was cancelled is unknown, and is set again.

use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Executor as _};

use super::retry::{Retry, patiently};
use crate::options::JournalMode;
use crate::spec::DbKind;

/// Guarantee that a commit gives about the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The guarantee of the database's [`DbKind`](crate::DbKind): a power cut may take the last
    /// commits of a rebuildable database.
    Usual,
    /// The commit, and all earlier ones, are on the disk when it returns. For data that cannot be
    /// made again, such as a name or a deletion. Each commit waits for the disk, and changing
    /// between the two guarantees costs a statement.
    Durable,
}

/// Setting of `PRAGMA synchronous`, and with it `fullfsync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// A power cut may lose the last commits, never the file.
    Normal,
    /// A commit that returned is on the disk, if the journal is a write-ahead log.
    Full,
    /// The same for a rollback journal: its deletion is the commit, and the folder is synced after
    /// it.
    Extra,
}

impl Level {
    /// Chooses the level of a transaction.
    pub(crate) fn of(durability: Durability, kind: DbKind, journal: JournalMode) -> Self {
        match (durability, kind, journal) {
            (Durability::Usual, DbKind::Rebuildable, _) => Self::Normal,
            (_, _, JournalMode::Wal) => Self::Full,
            (_, _, JournalMode::Delete) => Self::Extra,
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

/// The writer connection.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) connection: SqliteConnection,
    /// Current level and busy timeout, where they are known.
    setting: Option<(Level, Duration)>,
}

impl Writer {
    /// Takes a connection from [`connect`](crate::open::connect::connect).
    pub(crate) fn new(kind: DbKind, busy_timeout: Duration, connection: SqliteConnection) -> Self {
        // `connect` does not know the journal.
        let level = Level::of(Durability::Usual, kind, JournalMode::Wal);
        Self { connection, setting: Some((level, busy_timeout)) }
    }

    /// Sets the level and the busy timeout, and retries while other connections keep SQLite from
    /// reading the schema.
    pub(crate) async fn reach(
        &mut self,
        level: Level,
        busy_timeout: Duration,
        retry: &mut Retry,
    ) -> Result<(), sqlx::Error> {
        let setting = (level, busy_timeout);
        if self.setting == Some(setting) {
            return Ok(());
        }
        self.setting = None;
        let pragmas = format!("PRAGMA busy_timeout = {}; {}", busy_timeout.as_millis(), level.pragmas());
        patiently!(retry, self.connection.execute(AssertSqlSafe(pragmas.clone())).await)?;
        self.setting = Some(setting);
        Ok(())
    }
}

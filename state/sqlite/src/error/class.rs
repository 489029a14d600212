//! Classes of errors, a closed set for telemetry and for callers that choose a remedy.

use std::error::Error;
use std::io;
use std::path::Path;

use crate::system::file_system;

/// Error of a layer below: sqlx or the operating system.
pub type Source = Box<dyn Error + Send + Sync>;

/// Error of sqlx that displays SQLite's own message, such as `database or disk is full`, without
/// sqlx's prefix.
#[derive(Debug)]
struct Message(sqlx::Error);

pub(crate) fn message(error: sqlx::Error) -> Source {
    Box::new(Message(error))
}

impl std::fmt::Display for Message {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            sqlx::Error::Database(error) => formatter.write_str(error.message()),
            other => other.fmt(formatter),
        }
    }
}

impl Error for Message {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// Class of an error, for telemetry tags and for callers that choose between remedies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// Another connection holds the lock.
    Busy,
    /// A newer program made this database unusable for this one.
    Newer,
    /// An applied migration differs from this program's.
    Checksum,
    /// The file is damaged.
    Corrupt,
    /// The file, or the log next to it, belongs to another program or another database.
    Foreign,
    /// The file system refused: permissions, a missing folder, a broken disk.
    Io,
    /// No space is left.
    Full,
    /// None of these: a constraint, or a mistake in a statement or a migration.
    Other,
}

impl ErrorClass {
    /// Returns the tag's value in telemetry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Newer => "newer",
            Self::Checksum => "checksum",
            Self::Corrupt => "corrupt",
            Self::Foreign => "foreign",
            Self::Io => "io",
            Self::Full => "full",
            Self::Other => "other",
        }
    }

    /// Sorts an error of sqlx by SQLite's result code.
    #[must_use]
    pub fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(_) => Self::of_code(code(error)),
            sqlx::Error::Io(error) => Self::of_io(error),
            sqlx::Error::PoolTimedOut => Self::Busy,
            // A panic of sqlx, which happens on content that SQLite itself would never write.
            sqlx::Error::WorkerCrashed => Self::Corrupt,
            // A text that is not UTF-8, or an id or a time that is none: no statement stores such.
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Corrupt,
            _ => Self::Other,
        }
    }

    /// Sorts SQLite's result code, primary or extended (<https://www.sqlite.org/rescode.html>).
    #[must_use]
    pub const fn of_code(code: u32) -> Self {
        const IOERR_SHMSIZE: u32 = 10 | (19 << 8);
        const IOERR_CORRUPTFS: u32 = 10 | (33 << 8);
        match code {
            IOERR_CORRUPTFS => return Self::Corrupt,
            // The log's index cannot grow. For every other file SQLite reports FULL.
            IOERR_SHMSIZE => return Self::Full,
            _ => {}
        }
        match code & 0xff {
            // BUSY, LOCKED, PROTOCOL (lost a race for the WAL lock too often)
            5 | 6 | 15 => Self::Busy,
            // CORRUPT, NOTADB
            11 | 26 => Self::Corrupt,
            // FULL
            13 => Self::Full,
            // PERM, READONLY, IOERR, CANTOPEN, NOLFS
            3 | 8 | 10 | 14 | 22 => Self::Io,
            _ => Self::Other,
        }
    }

    /// Sorts an error of sqlx on a database. Asks the file system where SQLite does not
    /// distinguish a full disk.
    pub(crate) fn on(path: &Path, error: &sqlx::Error) -> Self {
        // CANTOPEN, and IOERR_WRITE, _FSYNC, _TRUNCATE, _SHMOPEN, _SHMMAP
        const MAYBE_FULL: [u32; 6] = [14, 778, 1034, 1546, 4618, 5386];
        match Self::of(error) {
            Self::Io if MAYBE_FULL.contains(&code(error)) && file_system::is_full(path) => Self::Full,
            class => class,
        }
    }

    /// Sorts an error of the operating system.
    #[must_use]
    pub fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::WouldBlock | io::ErrorKind::ResourceBusy => Self::Busy,
            _ => Self::Io,
        }
    }
}

/// Returns SQLite's extended result code; 0 for other errors.
fn code(error: &sqlx::Error) -> u32 {
    let sqlx::Error::Database(error) = error else { return 0 };
    error.code().and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// Returns true if an interrupted program's rollback journal is in the way, which only a writer can
/// roll back.
pub(crate) fn is_hot_journal(error: &sqlx::Error) -> bool {
    const READONLY_ROLLBACK: u32 = 776;
    code(error) == READONLY_ROLLBACK
}

/// Returns true if the log's index (`-shm`) is not valid, or not valid yet. Only a writer can make
/// it.
pub(crate) fn lacks_log_index(error: &sqlx::Error) -> bool {
    const READONLY_RECOVERY: u32 = 264;
    code(error) == READONLY_RECOVERY
}

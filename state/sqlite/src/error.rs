//! What can go wrong, one variant a remedy, and the closed set of classes that telemetry and callers sort it into.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::file_system;

/// An error of the layers below (sqlx, the operating system), kept out of our signatures.
pub type Source = Box<dyn Error + Send + Sync>;

/// An error of sqlx in SQLite's own words: `database or disk is full`, without what sqlx puts before them.
#[derive(Debug)]
struct Said(sqlx::Error);

pub(crate) fn said(error: sqlx::Error) -> Source {
    Box::new(Said(error))
}

impl std::fmt::Display for Said {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            sqlx::Error::Database(error) => formatter.write_str(error.message()),
            other => other.fmt(formatter),
        }
    }
}

impl Error for Said {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// What kind of trouble an error is, for telemetry tags and for callers that choose between remedies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// Another connection holds the lock: wait, or end the holder.
    Busy,
    /// A newer program made this database unreadable for this one: update.
    Newer,
    /// A migration that was applied is not the one this program has: a build was edited or renumbered.
    Checksum,
    /// The file is damaged: rebuild it, or restore a snapshot.
    Corrupt,
    /// The file, or the log beside it, belongs to another program: move it, or choose another folder.
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
            sqlx::Error::WorkerCrashed => Self::Io,
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
            // The log's index cannot grow: SQLite says FULL of every other file.
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

    /// Sorts an error of sqlx on a database, asking its file system where SQLite does not say whether space was missing.
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

impl std::fmt::Display for ErrorClass {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Returns SQLite's result code, extended; 0 for what is not SQLite's.
fn code(error: &sqlx::Error) -> u32 {
    let sqlx::Error::Database(error) = error else { return 0 };
    error.code().and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// Says whether a rollback journal of an interrupted program is in the way, which only a writer can roll back.
pub(crate) fn is_hot_journal(error: &sqlx::Error) -> bool {
    const READONLY_ROLLBACK: &str = "776";
    matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some(READONLY_ROLLBACK))
}

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file is not a database of ours. Not one byte was changed.
    #[error(
        "{} is not Threadkeep's {label} database: {found}; nothing in it was changed. Move it away or choose another SQLite home",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The database that was expected.
        label: &'static str,
        /// What is there instead.
        found: String,
    },
    /// The write-ahead log beside the file is of another database, or of another state of this one, and SQLite would write
    /// it over the file. Not one byte was changed.
    #[error(
        "{} is not the write-ahead log of {}: {found}. Nothing was changed. Move the log away, but keep it: it may hold what is \
         missing elsewhere",
        log.display(), path.display()
    )]
    ForeignLog {
        /// The database, which is ours.
        path: PathBuf,
        /// The log.
        log: PathBuf,
        /// Why it is not the database's.
        found: String,
    },
    /// A newer program raised the file's compatibility floor above what this one knows.
    #[error("{} needs a program that knows schema version {needs}, and this one knows {knows}: update threadkeep", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The oldest version that may use the file (`PRAGMA user_version`).
        needs: i64,
        /// The newest version this program knows.
        knows: i64,
    },
    /// An applied migration differs from the one of the same version in this program.
    #[error(
        "{} was migrated with another text of migration {version:04}: the database is sound, but this build is not one of the released line. \
         Use the build that made it, or a released one",
        path.display()
    )]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The version whose checksums differ.
        version: i64,
    },
    /// The file is damaged.
    #[error("{} is damaged: {source}. Keep a copy, then restore a snapshot ({}.before-v*) or rebuild it", path.display(), path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite or the first look said.
        source: Source,
    },
    /// Another process holds a lock for longer than we wait.
    #[error("{} is locked by {holder} (waited {} ms): end it or try again", path.display(), waited.as_millis())]
    Busy {
        /// The locked file: the database, or its `.lock`.
        path: PathBuf,
        /// Who holds it, as far as the system says.
        holder: String,
        /// How long we waited.
        waited: Duration,
    },
    /// Read-only was asked for, and another program wrote each time we read.
    #[error("{} is in use and changed while it was read: try again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// No space is left for creating, migrating or the snapshot before it. The database is as it was.
    #[error("no space is left while opening {}: {source}. Make room and try again, or open it read-only; the database is as it was", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// What SQLite or the system said.
        source: Source,
    },
    /// Something that is no regular file is in the place of the database, its lock, or a file that SQLite keeps beside it.
    #[error("{} is no regular file: move it away or choose another SQLite home", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The folder does not exist.
    #[error("the folder {} does not exist: create it or choose another SQLite home", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The file or its folder cannot be written to.
    #[error("{} cannot be written to: open it read-only, or give this user permission", path.display())]
    NotWritable {
        /// The file or the folder.
        path: PathBuf,
    },
    /// Read-only was asked for, and there is no database yet.
    #[error("{} does not exist, and opening read-only does not create it: open it once writable", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Read-only was asked for, and the schema is older than what this program reads.
    #[error(
        "{} has schema version {applied} and this program needs {needed}; opening read-only does not upgrade it: open it once writable",
        path.display()
    )]
    Outdated {
        /// The file.
        path: PathBuf,
        /// The newest version of ours that is applied.
        applied: i64,
        /// The newest version this program knows.
        needed: i64,
    },
    /// Read-only was asked for, and what an interrupted program left must be cleared up by a writer first.
    #[error(
        "{} was left by an interrupted program in a state that only a writer can clear up ({}): open it once writable",
        path.display(), left.display()
    )]
    NeedsRecovery {
        /// The file.
        path: PathBuf,
        /// What was left.
        left: PathBuf,
    },
    /// A migration failed. All of them were rolled back: the database is as it was.
    #[error("migration {version:04} ({description}) of {} failed and was rolled back: {source}. Report this as a bug", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// The version that failed.
        version: i64,
        /// Its description.
        description: &'static str,
        /// What SQLite said.
        source: Source,
    },
    /// The file system refused.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Source,
    },
    /// SQLite refused for a reason that is none of the above.
    #[error("cannot open {}: {source}. Report this as a bug", path.display())]
    Unexpected {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Source,
    },
}

impl OpenError {
    /// Returns the class, for telemetry and for choosing a remedy.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Foreign { .. } | Self::ForeignLog { .. } => ErrorClass::Foreign,
            Self::Newer { .. } => ErrorClass::Newer,
            Self::Checksum { .. } => ErrorClass::Checksum,
            Self::Corrupt { .. } => ErrorClass::Corrupt,
            Self::Busy { .. } | Self::Changed { .. } => ErrorClass::Busy,
            Self::Full { .. } => ErrorClass::Full,
            Self::NotAFile { .. }
            | Self::NoFolder { .. }
            | Self::NotWritable { .. }
            | Self::Missing { .. }
            | Self::Outdated { .. }
            | Self::NeedsRecovery { .. }
            | Self::Io { .. } => ErrorClass::Io,
            Self::Migration { .. } | Self::Unexpected { .. } => ErrorClass::Other,
        }
    }

    pub(crate) fn io(doing: &'static str, path: &Path, error: io::Error) -> Self {
        let path = path.to_path_buf();
        match ErrorClass::of_io(&error) {
            ErrorClass::Full => Self::Full { path, source: error.into() },
            _ => Self::Io { doing, path, source: error.into() },
        }
    }

    /// Sorts an error of sqlx; a busy one names the holder, so it is not made in a retry loop but after it.
    pub(crate) fn sqlx(paths: &crate::DbPaths, waited: Duration, error: sqlx::Error) -> Self {
        let path = paths.database.clone();
        match ErrorClass::on(&path, &error) {
            ErrorClass::Busy => Self::Busy { path, holder: crate::holders::of_database(paths), waited },
            ErrorClass::Corrupt => Self::Corrupt { path, source: said(error) },
            ErrorClass::Full => Self::Full { path, source: said(error) },
            ErrorClass::Io => Self::Io { doing: "open", path, source: said(error) },
            _ => Self::Unexpected { path, source: said(error) },
        }
    }
}

/// Why an operation on an open database failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// Another connection holds the lock for longer than we wait. Nothing was written.
    #[error("{} is locked by {holder} (waited {} ms): end it or try again", path.display(), waited.as_millis())]
    Busy {
        /// The database.
        path: PathBuf,
        /// Who holds it, as far as the system says.
        holder: String,
        /// How long we waited.
        waited: Duration,
    },
    /// A write was asked of a database that was opened read-only.
    #[error("{} was opened read-only: open it writable", path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// Another program has written since this read-only look began.
    #[error("{} has changed since it was opened read-only: open it again", path.display())]
    Changed {
        /// The database.
        path: PathBuf,
    },
    /// A newer program raised the compatibility floor while this one had the database open. Nothing was written.
    #[error("{} was upgraded to need schema version {needs}, and this program knows {knows}: restart with the new version", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// The oldest version that may use the file.
        needs: i64,
        /// The newest version this program knows.
        knows: i64,
    },
    /// The database was closed by this program.
    #[error("{} has been closed", path.display())]
    Closed {
        /// The database.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("{} is damaged: {source}. Keep a copy, then restore a snapshot ({}.before-v*) or rebuild it", path.display(), path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: Source,
    },
    /// No space is left. The transaction was rolled back.
    #[error("no space is left for {}: {source}. Make room and try again", path.display())]
    Full {
        /// The file being written.
        path: PathBuf,
        /// What SQLite or the system said.
        source: Source,
    },
    /// The target of a snapshot exists already.
    #[error("{} exists already: choose another name for the snapshot", path.display())]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Source,
    },
    /// A statement failed: a constraint, or a mistake in it.
    #[error("a statement on {} failed: {source}", path.display())]
    Statement {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: Source,
    },
}

impl DbError {
    /// Returns the class, for telemetry and for choosing a remedy.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Busy { .. } => ErrorClass::Busy,
            Self::Newer { .. } => ErrorClass::Newer,
            Self::Corrupt { .. } => ErrorClass::Corrupt,
            Self::Full { .. } => ErrorClass::Full,
            Self::ReadOnly { .. } | Self::Changed { .. } | Self::Exists { .. } | Self::Io { .. } => {
                ErrorClass::Io
            }
            Self::Closed { .. } | Self::Statement { .. } => ErrorClass::Other,
        }
    }

    pub(crate) fn io(doing: &'static str, path: &Path, error: io::Error) -> Self {
        let path = path.to_path_buf();
        match ErrorClass::of_io(&error) {
            ErrorClass::Full => Self::Full { path, source: error.into() },
            _ => Self::Io { doing, path, source: error.into() },
        }
    }

    pub(crate) fn sqlx(paths: &crate::DbPaths, waited: Duration, error: sqlx::Error) -> Self {
        let path = paths.database.clone();
        match ErrorClass::on(&path, &error) {
            ErrorClass::Busy => Self::Busy { path, holder: crate::holders::of_database(paths), waited },
            ErrorClass::Corrupt => Self::Corrupt { path, source: said(error) },
            ErrorClass::Full => Self::Full { path, source: said(error) },
            ErrorClass::Io => Self::Io { doing: "use", path, source: said(error) },
            _ => Self::Statement { path, source: said(error) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorClass;

    #[test]
    fn codes_are_sorted() {
        for (code, class) in [
            (0, ErrorClass::Other),
            (1, ErrorClass::Other),
            (5, ErrorClass::Busy),
            (517, ErrorClass::Busy),
            (11, ErrorClass::Corrupt),
            (26, ErrorClass::Corrupt),
            (10 | (33 << 8), ErrorClass::Corrupt),
            (13, ErrorClass::Full),
            // A log's index that cannot grow; and what may be a full disk, which only the file system knows.
            (4874, ErrorClass::Full),
            (4618, ErrorClass::Io),
            (778, ErrorClass::Io),
            (10, ErrorClass::Io),
            (14, ErrorClass::Io),
            (2067, ErrorClass::Other),
        ] {
            assert_eq!(ErrorClass::of_code(code), class, "{code}");
        }
    }
}

//! Reasons why a database was not opened: one variant a remedy.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::class::{ErrorClass, Source, message};
use crate::paths::DbPaths;
use crate::system::holders;

/// Reason why a database was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file is not a database of ours. No byte was changed.
    #[error("cannot open {}: it is not Threadkeep's {label} database: {found}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Label of the expected database.
        label: &'static str,
        /// Description of the file that is there.
        found: String,
    },
    /// The write-ahead log or the rollback journal beside the file is of another database, or of another state of this
    /// one, and SQLite would write it over the file. No byte was changed.
    #[error("cannot open {}: {} does not belong to it: {found}", path.display(), log.display())]
    ForeignLog {
        /// The database, which is ours.
        path: PathBuf,
        /// The log or the journal.
        log: PathBuf,
        /// The difference that was found.
        found: String,
    },
    /// A newer program raised the file's compatibility floor above the version that this one knows.
    #[error("cannot open {}: it needs a program that knows schema version {needs}, and this one knows {knows}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Oldest version that may use the file (`PRAGMA user_version`).
        needs: i64,
        /// Newest version that this program knows.
        knows: i64,
    },
    /// A development version from before the first release made the database: its first migration is not the released one.
    /// No upgrade leads from there; the database has to be made again.
    #[error("cannot open {}: a development version from before the first release made it", .0.display())]
    Development(PathBuf),
    /// An applied migration differs from the migration of the same version in this program. The database is sound.
    #[error("cannot open {}: its migration {version:04} differs from this program's", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// Version whose checksums differ.
        version: i64,
    },
    /// The file is damaged.
    #[error("cannot open {}: the file is damaged: {}", .0.display(), .1)]
    Corrupt(PathBuf, #[source] Source),
    /// Another process holds a lock for longer than we wait.
    #[error("cannot open {}: {holder} holds its lock (waited {} ms)", path.display(), waited.as_millis())]
    Busy {
        /// The locked file: the database, or its `.lock`.
        path: PathBuf,
        /// Holder of the lock, as far as the system tells.
        holder: String,
        /// Time that we waited.
        waited: Duration,
    },
    /// Opened read-only, and another program wrote at every try to read.
    #[error("cannot open {}: another program keeps writing to it", .0.display())]
    Changed(PathBuf),
    /// No space is left for creating, migrating or the snapshot before it. The database is unchanged.
    #[error("cannot open {}: no space is left: {}", .0.display(), .1)]
    Full(PathBuf, #[source] Source),
    /// The database, its lock or a file that SQLite keeps beside it is not a regular file.
    #[error("cannot open {}: it is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// The path is not UTF-8, and SQLite takes its paths as text. Nothing was looked at.
    #[error("cannot open {}: its path is not UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// The folder does not exist.
    #[error("cannot open a database in {}: the folder does not exist", .0.display())]
    NoFolder(PathBuf),
    /// This user may not write to the file or its folder.
    #[error("cannot write to {}: permission denied, or a read-only file system", .0.display())]
    NotWritable(PathBuf),
    /// Opened read-only, and there is no database yet.
    #[error("cannot open {} read-only: it does not exist", .0.display())]
    Missing(PathBuf),
    /// Opened read-only, and the schema is older than the one that this program reads.
    #[error("cannot open {} read-only: it has schema version {applied}, and this program reads {needed}", path.display())]
    Outdated {
        /// The file.
        path: PathBuf,
        /// Newest version of ours that is applied.
        applied: i64,
        /// Newest version that this program knows.
        needed: i64,
    },
    /// Opened read-only, and an interrupted program left a log or a journal that only a writer can apply.
    #[error("cannot open {} read-only: an interrupted program left {}", path.display(), left.display())]
    NeedsRecovery {
        /// The file.
        path: PathBuf,
        /// The log or the journal.
        left: PathBuf,
    },
    /// A migration failed, and all of them were rolled back. A bug.
    #[error("cannot migrate {}: migration {version:04} ({description}) failed: {source}", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// Version that failed.
        version: i64,
        /// Description of that migration.
        description: &'static str,
        /// Error of SQLite.
        source: Source,
    },
    /// The file system refused.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// Action that failed, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Error of the system.
        source: Source,
    },
    /// SQLite refused for a reason that is none of the above. A bug.
    #[error("cannot open {}: {}", .0.display(), .1)]
    Unexpected(PathBuf, #[source] Source),
}

impl OpenError {
    /// Returns the class, for telemetry and for choosing a remedy.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Foreign { .. } | Self::ForeignLog { .. } => ErrorClass::Foreign,
            Self::Newer { .. } => ErrorClass::Newer,
            Self::Checksum { .. } | Self::Development { .. } => ErrorClass::Checksum,
            Self::Corrupt { .. } => ErrorClass::Corrupt,
            Self::Busy { .. } | Self::Changed { .. } => ErrorClass::Busy,
            Self::Full { .. } => ErrorClass::Full,
            Self::NotAFile { .. }
            | Self::NotUtf8 { .. }
            | Self::NoFolder { .. }
            | Self::NotWritable { .. }
            | Self::Missing { .. }
            | Self::Outdated { .. }
            | Self::NeedsRecovery { .. }
            | Self::Io { .. } => ErrorClass::Io,
            Self::Migration { .. } | Self::Unexpected { .. } => ErrorClass::Other,
        }
    }

    /// Returns true if the file system refuses to write and nothing else is known to be wrong. A database that exists can
    /// then be opened with [`OpenOptions::read_only`](crate::OpenOptions::read_only).
    #[must_use]
    pub fn is_unwritable(&self) -> bool {
        matches!(self, Self::NotWritable { .. } | Self::Full { .. })
    }

    pub(crate) fn io(doing: &'static str, path: &Path, error: io::Error) -> Self {
        let path = path.to_path_buf();
        match ErrorClass::of_io(&error) {
            ErrorClass::Full => Self::Full(path, error.into()),
            _ => Self::Io { doing, path, source: error.into() },
        }
    }

    /// Sorts an error of sqlx. Finding the holder of a lock is slow, so a retry loop calls this only at its end.
    pub(crate) fn sqlx(paths: &DbPaths, waited: Duration, error: sqlx::Error) -> Self {
        let path = paths.database.clone();
        match ErrorClass::on(&path, &error) {
            ErrorClass::Busy => Self::Busy { path, holder: holders::of_database(paths), waited },
            ErrorClass::Corrupt => Self::Corrupt(path, message(error)),
            ErrorClass::Full => Self::Full(path, message(error)),
            ErrorClass::Io => Self::Io { doing: "open", path, source: message(error) },
            _ => Self::Unexpected(path, message(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};
    use std::path::PathBuf;

    use super::OpenError;

    #[test]
    fn a_full_or_protected_folder_leaves_the_database_readable() {
        let path = PathBuf::from("notes_1.sqlite");
        let io = |kind| OpenError::io("create", &path, Error::from(kind));
        assert!(io(ErrorKind::StorageFull).is_unwritable());
        assert!(io(ErrorKind::QuotaExceeded).is_unwritable());
        assert!(OpenError::NotWritable(path.clone()).is_unwritable());
        assert!(!io(ErrorKind::PermissionDenied).is_unwritable());
        assert!(!OpenError::Missing(path).is_unwritable());
    }
}

//! Error of opening a database, one variant per remedy.

use std::path::PathBuf;

use super::class::{ErrorClass, Source};
use super::db::DbError;

/// Error of opening a database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// An error that an open database may have, too: it is locked, newer or damaged, or the file
    /// system refused.
    #[error(transparent)]
    Database(#[from] DbError),
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
    /// The write-ahead log or the rollback journal next to the file is of another database, or of
    /// another state of this one. SQLite would write it over the file. No byte was changed.
    #[error("cannot open {}: {} does not belong to it: {found}", path.display(), log.display())]
    ForeignLog {
        /// The database, which is ours.
        path: PathBuf,
        /// The log or the journal.
        log: PathBuf,
        /// The difference that was found.
        found: String,
    },
    /// A development version from before the first release made the database: its first migration
    /// is not the released one. No upgrade leads from there, and no byte was changed.
    #[error("cannot open {}: a development version from before the first release made it", .0.display())]
    Development(PathBuf),
    /// An applied migration differs from the migration of the same version in this program. The
    /// database is sound, and no byte was changed.
    #[error("cannot open {}: its migration {version:04} differs from this program's", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// Version whose checksums differ.
        version: i64,
    },
    /// The database, its lock or a file that SQLite keeps next to it is not a regular file.
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
    /// Opened read-only, and the schema is older than this program reads.
    #[error("cannot open {} read-only: it has schema version {applied}, and this program reads {needed}", path.display())]
    Outdated {
        /// The file.
        path: PathBuf,
        /// Newest version of ours that is applied.
        applied: i64,
        /// Newest version that this program knows.
        needed: i64,
    },
    /// Opened read-only, and an interrupted program left a log or a journal that only a writer can
    /// apply.
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
}

impl OpenError {
    /// Returns the class, for telemetry and for choosing a remedy.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            // At opening, a change was followed by another try, which met a change too.
            Self::Database(DbError::Changed(_)) => ErrorClass::Busy,
            Self::Database(error) => error.class(),
            Self::Foreign { .. } | Self::ForeignLog { .. } => ErrorClass::Foreign,
            Self::Checksum { .. } | Self::Development { .. } => ErrorClass::Checksum,
            Self::Migration { .. } => ErrorClass::Other,
            _ => ErrorClass::Io,
        }
    }

    /// Returns true if the file system refuses to write and nothing else is known to be wrong. A
    /// database that exists can then be opened with
    /// [`OpenOptions::read_only`](crate::OpenOptions::read_only).
    #[must_use]
    pub fn is_unwritable(&self) -> bool {
        matches!(self, Self::NotWritable(_) | Self::Database(DbError::Full(..)))
    }
}

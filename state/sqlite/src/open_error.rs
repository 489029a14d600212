//! Why a database was not opened: one variant a remedy.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{ErrorClass, Source, said};

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
    /// The write-ahead log or the rollback journal beside the file is of another database, or of another state of this
    /// one, and SQLite would write it over the file. Not one byte was changed.
    #[error(
        "{} does not belong to {}: {found}. Nothing was changed. Move the log away, but keep it: it may hold what is \
         missing elsewhere",
        log.display(), path.display()
    )]
    ForeignLog {
        /// The database, which is ours.
        path: PathBuf,
        /// The log or the journal.
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
    /// The path is not UTF-8, and SQLite takes its paths as text. Nothing was looked at.
    #[error("the path {} is not UTF-8, which SQLite needs: rename its folder or choose another SQLite home", path.display())]
    NotUtf8 {
        /// The path of the database; what is not UTF-8 shows as replacement characters.
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

    /// Says whether the file system refused to write, and nothing else is known to be wrong: a database that is there can
    /// be opened with [`OpenOptions::read_only`](crate::OpenOptions::read_only).
    #[must_use]
    pub fn is_unwritable(&self) -> bool {
        matches!(self, Self::NotWritable { .. } | Self::Full { .. })
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

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};
    use std::path::PathBuf;

    use super::OpenError;

    #[test]
    fn what_can_still_be_read() {
        let path = PathBuf::from("notes_1.sqlite");
        let io = |kind| OpenError::io("create", &path, Error::from(kind));
        assert!(io(ErrorKind::StorageFull).is_unwritable());
        assert!(io(ErrorKind::QuotaExceeded).is_unwritable());
        assert!(OpenError::NotWritable { path: path.clone() }.is_unwritable());
        assert!(!io(ErrorKind::PermissionDenied).is_unwritable());
        assert!(!OpenError::Missing { path }.is_unwritable());
    }
}

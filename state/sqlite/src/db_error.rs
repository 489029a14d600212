//! Why an operation on an open database failed: one variant a remedy.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{ErrorClass, Source, said};

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

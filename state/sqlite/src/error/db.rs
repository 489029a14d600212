//! Reasons why an operation on an open database failed: one variant a remedy.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::class::{ErrorClass, Source, message};
use crate::paths::DbPaths;
use crate::system::holders;

/// Reason why an operation on an open database failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// Another connection holds the lock for longer than we wait. Nothing was written.
    #[error("cannot use {}: {holder} holds its lock (waited {} ms)", path.display(), waited.as_millis())]
    Busy {
        /// The database.
        path: PathBuf,
        /// Holder of the lock, as far as the system tells.
        holder: String,
        /// Time that we waited.
        waited: Duration,
    },
    /// The database was opened read-only.
    #[error("cannot write to {}: it was opened read-only", .0.display())]
    ReadOnly(PathBuf),
    /// Another program has written since the database was opened read-only. Opening it again helps.
    #[error("cannot read {}: another program has changed it since it was opened", .0.display())]
    Changed(PathBuf),
    /// A newer program raised the compatibility floor while this one had the database open. Nothing was written.
    #[error(
        "cannot write to {}: a newer program has upgraded it to need schema version {needs}, and this one knows {knows}",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Oldest version that may use the file.
        needs: i64,
        /// Newest version that this program knows.
        knows: i64,
    },
    /// This program has closed the database.
    #[error("cannot use {}: it has been closed", .0.display())]
    Closed(PathBuf),
    /// The file is damaged.
    #[error("cannot use {}: the file is damaged: {}", .0.display(), .1)]
    Corrupt(PathBuf, #[source] Source),
    /// No space is left. The transaction was rolled back.
    #[error("cannot write to {}: no space is left: {}", .0.display(), .1)]
    Full(PathBuf, #[source] Source),
    /// The target of a snapshot exists already.
    #[error("cannot write a snapshot to {}: the file exists", .0.display())]
    Exists(PathBuf),
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
    /// A statement failed: a constraint, or a mistake in it.
    #[error("cannot run a statement on {}: {}", .0.display(), .1)]
    Statement(PathBuf, #[source] Source),
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
            ErrorClass::Full => Self::Full(path, error.into()),
            _ => Self::Io { doing, path, source: error.into() },
        }
    }

    pub(crate) fn sqlx(paths: &DbPaths, waited: Duration, error: sqlx::Error) -> Self {
        let path = paths.database.clone();
        match ErrorClass::on(&path, &error) {
            ErrorClass::Busy => Self::Busy { path, holder: holders::of_database(paths), waited },
            ErrorClass::Corrupt => Self::Corrupt(path, message(error)),
            ErrorClass::Full => Self::Full(path, message(error)),
            ErrorClass::Io => Self::Io { doing: "use", path, source: message(error) },
            _ => Self::Statement(path, message(error)),
        }
    }
}

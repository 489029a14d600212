//! Error of an operation on a database, one variant per remedy.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::class::{ErrorClass, Source, message};
use crate::paths::DbPaths;
use crate::system::holders;

/// Error of an operation on a database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// Another process or connection held the lock for too long. Nothing was written.
    #[error("cannot use {}: {holder} holds its lock (waited {} ms)", path.display(), waited.as_millis())]
    Busy {
        /// The locked file: the database, or its `.lock`.
        path: PathBuf,
        /// Holder of the lock, as far as the system reports it.
        holder: String,
        /// Length of the wait.
        waited: Duration,
    },
    /// The database was opened read-only.
    #[error("cannot write to {}: it was opened read-only", .0.display())]
    ReadOnly(PathBuf),
    /// Another program wrote to a database that this one reads without locks. Opening it again
    /// helps.
    #[error("cannot read {}: another program has changed it meanwhile", .0.display())]
    Changed(PathBuf),
    /// A newer program raised the file's compatibility floor above the version that this one knows.
    /// Nothing was written.
    #[error(
        "cannot use {}: it needs a program that knows schema version {needs}, and this one knows {knows}",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Oldest version that may use the file (`PRAGMA user_version`).
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
    /// No space is left. Nothing was written.
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
            Self::Closed { .. } | Self::Statement { .. } => ErrorClass::Other,
            _ => ErrorClass::Io,
        }
    }

    pub(crate) fn io(doing: &'static str, path: &Path, error: io::Error) -> Self {
        Self::sorted(ErrorClass::of_io(&error), doing, path, error.into())
    }

    /// Sorts an error of sqlx. Finding a lock's holder is slow: a retry loop calls this at its end.
    pub(crate) fn sqlx(paths: &DbPaths, waited: Duration, error: sqlx::Error) -> Self {
        let path = &paths.database;
        match ErrorClass::on(path, &error) {
            ErrorClass::Busy => {
                Self::Busy { path: path.clone(), holder: holders::of_database(paths), waited }
            }
            // SQLite finds no table in it, and says so as of a mistake in the statement.
            ErrorClass::Other if is_emptied(path) => {
                Self::Corrupt(path.clone(), "another program has emptied it".into())
            }
            class => Self::sorted(class, "use", path, message(error)),
        }
    }

    fn sorted(class: ErrorClass, doing: &'static str, path: &Path, source: Source) -> Self {
        let path = path.to_path_buf();
        match class {
            ErrorClass::Corrupt => Self::Corrupt(path, source),
            ErrorClass::Full => Self::Full(path, source),
            ErrorClass::Other => Self::Statement(path, source),
            _ => Self::Io { doing, path, source },
        }
    }
}

/// Returns true if a database that was open has no content any more.
fn is_emptied(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == 0)
}

//! Our file lock around create-and-migrate.
//!
//! sqlx's own migration lock does nothing on SQLite, and several first starts at once fail without one. The lock is an
//! empty file beside the database that is never deleted: deleting it would let two processes hold two different files.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::open_error::OpenError;
use crate::regular;
use crate::retry::Retry;

/// The lock; dropping it, or the end of the process however it ends, releases it.
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock, waiting up to `limit`.
    pub(crate) async fn acquire(path: &Path, limit: Duration) -> Result<Self, OpenError> {
        let mut retry = Retry::new(limit);
        if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Err(OpenError::NotAFile { path: path.to_path_buf() });
        }
        let file = create_private(path).map_err(|error| OpenError::io("create the lock", path, error))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => {}
                // Some network file systems have no such locks. Migrating looks again inside its transaction, so two
                // processes cannot apply one migration twice; they may only see each other as busy.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { _file: file });
                }
                Err(TryLockError::Error(error)) => return Err(OpenError::io("lock", path, error)),
            }
            if !retry.again().await {
                let holder = crate::holders::of_files(&[path]);
                return Err(OpenError::Busy { path: path.to_path_buf(), holder, waited: retry.waited() });
            }
        }
    }
}

/// Opens a file for writing, creating it empty and for this user alone. What is in it stays.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    regular::never_wait(&mut options);
    options.open(path)
}

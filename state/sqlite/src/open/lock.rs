//! The file lock for creating and migrating.
//!
//! sqlx's migration lock does nothing on SQLite, and several first starts at once would fail
//! without a lock. The lock is a file next to the database, with its seal. It is never deleted,
//! because two processes could then hold two different files.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::database::retry::Retry;
use crate::error::{DbError, OpenError};
use crate::system::holders;
use crate::system::regular_file::create_private;

/// The lock. Dropping it releases it, and so does any end of the process.
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock, waiting up to `limit`.
    pub(crate) async fn acquire(path: &Path, limit: Duration) -> Result<Self, OpenError> {
        let mut retry = Retry::new(limit);
        if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Err(OpenError::NotAFile(path.to_path_buf()));
        }
        let file = create_private(path).map_err(|error| DbError::io("create the lock", path, error))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => {}
                // Some network file systems have no such locks. Migrating checks again inside its
                // transaction, so two processes cannot apply one migration twice; they may only
                // find each other busy.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { _file: file });
                }
                Err(TryLockError::Error(error)) => return Err(DbError::io("lock", path, error).into()),
            }
            if !retry.again().await {
                let holder = holders::of_files(&[path]);
                let (path, waited) = (path.to_path_buf(), retry.waited());
                return Err(DbError::Busy { path, holder, waited }.into());
            }
        }
    }
}

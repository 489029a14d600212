//! Takes the snapshots that are kept next to an open database.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use sqlx::Connection as _;

use super::Database;
use crate::error::{DbError, OpenError};
use crate::open::connect::{Access, connect};
use crate::open::examine::examine;
use crate::open::lock::FileLock;
use crate::paths::{DbPaths, beside};
use crate::snapshots::{Snapshot, Taken};

impl Database {
    /// Takes a snapshot and checks it, and deletes all but the newest `keep` that were taken so.
    /// Blocks no writer. Returns its path.
    ///
    /// # Errors
    ///
    /// As for [`snapshot`](Self::snapshot); [`DbError::Corrupt`]: the database is damaged, which
    /// the copy shows. No snapshot is deleted then.
    pub async fn keep_snapshot(&self, now: Timestamp, keep: usize) -> Result<PathBuf, DbError> {
        let paths = self.paths();
        // A deletion edits the snapshots under this lock, and so misses none that is being made.
        let _lock = FileLock::acquire(&paths.lock, self.options.lock_timeout).await.map_err(unlocked)?;
        let path = beside(&paths.database, &Taken::suffix(now));
        match self.snapshot(&path).await {
            // Taken within this second.
            Err(DbError::Exists(path)) => return Ok(path),
            taken => taken?,
        }
        if let Err(error) = self.verify(&path).await {
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        let all = paths.snapshots().map_err(|error| DbError::io("list", &paths.folder, error))?;
        for old in all.iter().filter(|snapshot| matches!(snapshot.taken, Taken::At(_))).skip(keep.max(1)) {
            // What cannot be deleted now is deleted the next time.
            let _ = std::fs::remove_file(&old.path);
        }
        Ok(path)
    }

    /// Takes a snapshot as [`keep_snapshot`](Self::keep_snapshot) does, unless the newest is
    /// younger than `age`.
    ///
    /// # Errors
    ///
    /// As for [`keep_snapshot`](Self::keep_snapshot).
    pub async fn keep_snapshot_every(
        &self,
        age: SignedDuration,
        now: Timestamp,
        keep: usize,
    ) -> Result<Option<PathBuf>, DbError> {
        let all = self.paths().snapshots().unwrap_or_default();
        let is_young = |snapshot: &Snapshot| match snapshot.taken {
            // A snapshot from the future is one of a wrong clock.
            Taken::At(time) => time <= now && now.duration_since(time) < age,
            Taken::BeforeUpgrade(_) => false,
        };
        if all.iter().any(is_young) { Ok(None) } else { self.keep_snapshot(now, keep).await.map(Some) }
    }

    async fn verify(&self, snapshot: &Path) -> Result<(), DbError> {
        let paths = DbPaths::at(snapshot);
        let timeout = self.inner.busy_timeout;
        let connection = connect(self.inner.spec, snapshot, timeout, Access::Immutable).await;
        let mut connection = connection.map_err(|error| DbError::sqlx(&paths, timeout, error))?;
        let examined = examine(&mut connection, self.inner.spec, &paths).await;
        let _ = connection.close().await;
        examined
    }
}

/// Makes the error of a database of an error of its lock.
fn unlocked(error: OpenError) -> DbError {
    match error {
        OpenError::Database(error) => error,
        other => DbError::Io { doing: "lock", path: PathBuf::new(), source: other.into() },
    }
}

//! Detection of writes to a database that is read without locks.
//!
//! `immutable=1` reads without locks. If another program writes meanwhile, SQLite may see pages of
//! two states of the file, and call it damaged or answer with rows of both. So the files are
//! compared before and after. If they differ, that is the answer, whatever SQLite said.

use std::path::Path;
use std::time::SystemTime;

use super::connect::Access;
use crate::paths::DbPaths;

/// State of a database and its log when reading began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChangeGuard {
    database: Option<FileState>,
    log: Option<FileState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileState {
    length: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl ChangeGuard {
    pub(crate) fn of(paths: &DbPaths) -> Self {
        // A program that opened the database and wrote nothing leaves an empty log.
        let log = FileState::of(&paths.wal).filter(|log| log.length > 0);
        Self { database: FileState::of(&paths.database), log }
    }

    /// Returns true if data that was read since then is unreliable. With locks, it never is.
    pub(crate) fn is_stale(&self, access: Access, paths: &DbPaths) -> bool {
        access == Access::Immutable && *self != Self::of(paths)
    }

    /// Returns true if another program spoilt a read. With locks, it can only make a read fail:
    /// when it closes the database, it deletes the log that a reader is about to open.
    pub(crate) fn was_disturbed(&self, failed: bool, access: Access, paths: &DbPaths) -> bool {
        self.is_stale(access, paths) || (failed && *self != Self::of(paths))
    }
}

impl FileState {
    fn of(path: &Path) -> Option<Self> {
        let file = std::fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&file);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self { length: file.len(), modified: file.modified().ok(), inode })
    }
}

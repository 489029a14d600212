//! Whether a file changed while it was read as if it could not.
//!
//! `immutable=1` reads without locks. If another program writes in the middle of that, SQLite may see pages of two states
//! of the file, and call it damaged, or answer with rows of both. So the files are compared before and after, and where
//! they differ, that is the answer, whatever SQLite said.

use std::path::Path;
use std::time::SystemTime;

use crate::connect::Access;
use crate::paths::DbPaths;

/// What changes about a database and its log when someone writes to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    database: Option<FileStamp>,
    log: Option<FileStamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileStamp {
    length: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl Stamp {
    pub(crate) fn of(paths: &DbPaths) -> Self {
        // An empty log is what a program leaves that has opened the database and written nothing.
        let log = FileStamp::of(&paths.wal).filter(|log| log.length > 0);
        Self { database: FileStamp::of(&paths.database), log }
    }

    /// Says whether what was read since this stamp is in doubt. With locks, nothing is.
    pub(crate) fn is_stale(&self, access: Access, paths: &DbPaths) -> bool {
        access == Access::Immutable && *self != Self::of(paths)
    }
}

impl FileStamp {
    fn of(path: &Path) -> Option<Self> {
        let file = std::fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&file);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self { length: file.len(), modified: file.modified().ok(), inode })
    }
}

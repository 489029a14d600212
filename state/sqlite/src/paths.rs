//! Paths of a database and the files next to it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::spec::DbSpec;

/// Paths of a database and of all files that SQLite or this crate may put next to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DbPaths {
    /// The folder, as an absolute path.
    pub folder: PathBuf,
    /// The database itself.
    pub database: PathBuf,
    /// SQLite's write-ahead log, with committed data that is not in the database file yet.
    pub wal: PathBuf,
    /// SQLite's shared index of the write-ahead log.
    pub shm: PathBuf,
    /// SQLite's rollback journal, present while a transaction runs in journal mode DELETE.
    pub journal: PathBuf,
    /// Lock for creating and migrating: empty, and never deleted.
    pub lock: PathBuf,
}

impl DbPaths {
    /// Computes the paths of a database in a folder. Follows a symlink in the database's place, as
    /// SQLite does.
    #[must_use]
    pub fn new(spec: &DbSpec, folder: &Path) -> Self {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        let mut database = folder.join(spec.file_name);
        if database.is_symlink()
            && let Ok(target) = std::fs::canonicalize(&database)
        {
            database = target;
        }
        Self { folder, ..Self::at(&database) }
    }

    /// Computes the paths of a database file with any name.
    pub(crate) fn at(database: &Path) -> Self {
        let database = database.to_path_buf();
        Self {
            folder: database.parent().map(Path::to_path_buf).unwrap_or_default(),
            wal: beside(&database, "-wal"),
            shm: beside(&database, "-shm"),
            journal: beside(&database, "-journal"),
            lock: beside(&database, ".lock"),
            database,
        }
    }

    /// Lists the snapshots from before upgrades, the newest version first.
    ///
    /// # Errors
    ///
    /// Any error of reading the folder.
    pub fn snapshots(&self) -> io::Result<Vec<(i64, PathBuf)>> {
        let prefix = beside(&self.database, ".before-v");
        let Some((folder, prefix)) = prefix.parent().zip(prefix.file_name().and_then(|name| name.to_str()))
        else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(digits) = name.to_str().and_then(|name| name.strip_prefix(prefix)) else { continue };
            // Only names that we write: the user's `.before-v3.keep` is not ours.
            if !digits.is_empty()
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && let Ok(version) = digits.parse()
            {
                found.push((version, entry.path()));
            }
        }
        found.sort_unstable_by(|left, right| right.cmp(left));
        Ok(found)
    }
}

/// Appends to a file name, which need not be UTF-8.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

//! Paths of a database and the files next to it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::snapshots::{Snapshot, Taken};
use crate::spec::DbSpec;
use crate::system::regular_file::is_writable;

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
    /// Lock for creating, migrating and repairing, which has the seal of the database as its
    /// content. Never deleted.
    pub lock: PathBuf,
    /// The user's decisions: see [`DecisionKind`](crate::DecisionKind).
    pub decisions: PathBuf,
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
            decisions: beside(&database, ".decisions"),
            database,
        }
    }

    /// Returns true if this user may write to the database, or create it, without writing.
    #[must_use]
    pub fn are_writable(&self) -> bool {
        is_writable(&self.folder) && (!self.database.exists() || is_writable(&self.database))
    }

    /// Lists the snapshots, the newest first.
    ///
    /// # Errors
    ///
    /// Any error of reading the folder.
    pub fn snapshots(&self) -> io::Result<Vec<Snapshot>> {
        let snapshot = |(rest, path): (String, PathBuf)| Some(Snapshot { taken: Taken::parse(&rest)?, path });
        let mut found: Vec<Snapshot> = self.beside()?.into_iter().filter_map(snapshot).collect();
        found.sort_unstable_by(|left, right| right.cmp(left));
        Ok(found)
    }

    /// Lists the files of snapshots that are not whole.
    pub(crate) fn partial_snapshots(&self) -> Vec<PathBuf> {
        let is_partial = |rest: &str| rest.strip_suffix(PARTIAL).and_then(Taken::parse).is_some();
        let all = self.beside().unwrap_or_default().into_iter();
        all.filter(|(rest, _)| is_partial(rest)).map(|(_, path)| path).collect()
    }

    /// Lists the files whose names begin with the database's name: the rest of the name, and the
    /// path.
    fn beside(&self) -> io::Result<Vec<(String, PathBuf)>> {
        let Some(name) = self.database.file_name().and_then(|name| name.to_str()) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let entry_name = entry.file_name();
            let rest = entry_name.to_str().and_then(|entry| entry.strip_prefix(name));
            found.extend(rest.map(|rest| (rest.to_owned(), entry.path())));
        }
        Ok(found)
    }
}

/// End of the name of a file that is being written.
pub(crate) const PARTIAL: &str = ".partial";

/// Appends to a file name, which need not be UTF-8.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

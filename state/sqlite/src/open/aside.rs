//! Moves a damaged database aside. Nothing is deleted.

use std::fs::{create_dir, rename};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::error::DbError;
use crate::paths::DbPaths;
use crate::system::regular_file::{has_content, sync_folder};

/// Beginning of the names of folders with damaged databases.
const FOLDER: &str = "damaged-";
/// Length of the smallest database: one page of the smallest size.
const LEAST_PAGE: u64 = 512;

impl DbPaths {
    /// Lists the damaged databases that were moved aside from here, the newest first. They are
    /// never deleted, and so may have words of deleted threads.
    ///
    /// # Errors
    ///
    /// Any error of reading the folder.
    pub fn damaged(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            if !entry.file_name().to_string_lossy().starts_with(FOLDER) {
                continue;
            }
            let moved = entry.path().join(self.database.file_name().unwrap_or_default());
            if has_content(&moved) {
                found.push(moved);
            }
        }
        found.sort_unstable_by(|left, right| right.cmp(left));
        Ok(found)
    }

    /// Returns true if a file shows that there was a database here: its decisions, a snapshot, or a
    /// damaged database.
    pub(crate) fn show_a_database(&self) -> bool {
        has_content(&self.decisions)
            || self.snapshots().is_ok_and(|snapshots| !snapshots.is_empty())
            || self.damaged().is_ok_and(|damaged| !damaged.is_empty())
    }
}

/// Moves a database, its log and its journal into a new folder `damaged-<time>` next to them, under
/// their own names. Returns the database's new path; `None` if there is no content to move. No
/// process may have it open.
pub(crate) fn move_aside(paths: &DbPaths) -> Result<Option<PathBuf>, DbError> {
    if ![&paths.database, &paths.wal, &paths.journal].into_iter().any(|path| has_content(path)) {
        return Ok(None);
    }
    let folder = new_folder(&paths.folder)?;
    let mut moved = PathBuf::new();
    // The database first: a log alone is refused, and a database without its log would be taken for
    // whole.
    for path in [&paths.database, &paths.wal, &paths.journal, &paths.shm] {
        let to = folder.join(path.file_name().unwrap_or_default());
        match rename(path, &to) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            result => result.map_err(|error| DbError::io("move aside", path, error))?,
        }
        if moved.as_os_str().is_empty() {
            moved = to;
        }
    }
    sync_folder(&paths.database).map_err(|error| DbError::io("sync", &paths.folder, error))?;
    Ok(Some(moved))
}

/// Moves a damaged snapshot into a new folder `damaged-<time>`, under the database's name. A file
/// that is too short for a database is left alone.
pub(crate) fn move_snapshot_aside(paths: &DbPaths, snapshot: &Path) -> Result<(), DbError> {
    let is_database = std::fs::metadata(snapshot).is_ok_and(|metadata| metadata.len() >= LEAST_PAGE);
    if !is_database {
        return Ok(());
    }
    let to = new_folder(&paths.folder)?.join(paths.database.file_name().unwrap_or_default());
    rename(snapshot, &to).map_err(|error| DbError::io("move aside", snapshot, error))?;
    sync_folder(&to).map_err(|error| DbError::io("sync", &paths.folder, error))?;
    sync_folder(snapshot).map_err(|error| DbError::io("sync", &paths.folder, error))
}

fn new_folder(parent: &Path) -> Result<PathBuf, DbError> {
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%S");
    let mut number = 1;
    loop {
        let folder = parent.join(format!("{FOLDER}{time}-{number}"));
        match create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(DbError::io("create", &folder, error)),
        }
    }
}

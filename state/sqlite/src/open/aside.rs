//! Moves a damaged database aside. Nothing is deleted.

use std::fs::{create_dir, rename};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::error::DbError;
use crate::paths::DbPaths;
use crate::system::regular_file::sync_folder;

/// Moves a database, its log and its journal into a new folder `damaged-<time>` next to them, under
/// their own names. Returns the database's new path. No process may have it open.
pub(crate) fn move_aside(paths: &DbPaths) -> Result<PathBuf, DbError> {
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
    Ok(moved)
}

fn new_folder(parent: &Path) -> Result<PathBuf, DbError> {
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%S");
    let mut number = 1;
    loop {
        let folder = parent.join(format!("damaged-{time}-{number}"));
        match create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(DbError::io("create", &folder, error)),
        }
    }
}

//! A private folder for copies of databases.
//!
//! A process that is killed leaves its folder behind. So each process keeps a file of its folder
//! locked, and removes the folders of this user whose file is no longer locked.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Beginning of the folders' names.
const PREFIX: &str = "threadkeep-doctor-";
/// File of a folder that its process keeps locked.
const LOCK: &str = "in-use";
/// Number of folders that are tried while other processes remove them.
const TRIES: u32 = 5;

/// Folder that only this user can read. It is removed with this value.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: TempDir,
    /// Held for as long as the folder is in use.
    _lock: File,
}

impl Scratch {
    /// Returns the places for such folders, the best first: one in memory, if the system has it.
    pub(crate) fn places() -> [PathBuf; 2] {
        [PathBuf::from("/dev/shm"), std::env::temp_dir()]
    }

    /// Creates a folder in a place, and removes the abandoned ones there.
    ///
    /// # Errors
    ///
    /// Nothing can be created in the place.
    pub(crate) fn new(place: &Path) -> io::Result<Scratch> {
        remove_abandoned(place);
        for _ in 0..TRIES {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(place)?;
            let path = folder.path().join(LOCK);
            let lock = File::create(&path)?;
            match lock.try_lock() {
                // Where there are no locks, no other process can take the folder for abandoned.
                Ok(()) | Err(TryLockError::Error(_)) if path.exists() => {
                    return Ok(Scratch { folder, _lock: lock });
                }
                // Another process removes the folder, which was not locked yet.
                _ => {}
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Returns the folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders whose processes have ended.
fn remove_abandoned(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_scratch = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if !is_scratch || !is_own_folder(&path) {
            continue;
        }
        if let Ok(lock) = File::open(path.join(LOCK))
            && lock.try_lock().is_ok()
        {
            // What cannot be removed stays for the next run.
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Returns true for a folder of this user. The place is open to all users.
fn is_own_folder(path: &Path) -> bool {
    let Ok(found) = path.symlink_metadata() else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if found.uid() != rustix::process::geteuid().as_raw() {
            return false;
        }
    }
    found.is_dir()
}

#[cfg(test)]
#[path = "../tests/unit/scratch.rs"]
mod tests;

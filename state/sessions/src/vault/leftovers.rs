//! Leftovers of a process that was killed while it wrote or removed a copy.

use std::path::Path;

use super::{VaultError, folders, kept, remove_folder};
use crate::disk;

/// Removes from an agent's folder what a move from another file system has left.
pub(super) fn remove_parts(folder: &Path) -> Result<(), VaultError> {
    let parts = folders(folder)?.into_iter().filter(|name| name.ends_with(disk::PART));
    parts.map(|name| folder.join(name)).try_for_each(|part| remove_folder(&part))
}

/// Removes from a thread's folder what its description does not name; without a description, all.
pub(super) fn remove(folder: &Path) -> Result<(), VaultError> {
    let named = match kept::read(folder) {
        Ok(Some(kept)) => kept.copy,
        Ok(None) => return remove_folder(folder),
        // The user may repair it.
        Err(_) => return Ok(()),
    };
    for name in folders(folder)?.into_iter().filter(|name| *name != named) {
        remove_folder(&folder.join(name))?;
    }
    let new = folder.join("kept.new");
    disk::remove_file(&new).map_err(VaultError::io(new))
}

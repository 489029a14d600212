//! Leftovers of a process that was killed while it wrote or removed a copy.

use std::path::Path;

use super::{VaultError, folders, kept, remove_folder};
use crate::disk;

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

//! Removing the files of memories.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use threadkeep_memories::KeptFile;
use threadkeep_memories::files::{RAW_MEMORIES, sync};
use threadkeep_memory_runners::without_digest;

use super::phase_two::empty_baseline;
use crate::fault::Fault;
use crate::messages::of_io;

/// Removes the words of all memories from the folder of memories: generated files, the files that
/// agents left, and the baseline. A file that a user edited since stays, without the part that is
/// generated. Returns the files that stay. May be repeated.
///
/// # Errors
///
/// Fails if a file cannot be read, written or removed.
pub fn clear_files(root: &Path, files: &[KeptFile]) -> Result<Vec<PathBuf>, Fault> {
    let mut left = Vec::new();
    if root.join(RAW_MEMORIES).exists() {
        let synced = sync(root, &[]).map_err(|error| Fault::plain(&error).because(&error))?;
        left.extend(synced.edited.iter().map(|path| root.join(path)));
    }
    for file in files {
        let path = root.join(&file.path);
        let stays = clear(&path, &file.content).map_err(|error| {
            let why = of_io(&error);
            Fault::without_hint(format!("cannot remove {}: {why}", path.display())).because(&error)
        })?;
        left.extend(stays.then_some(path));
    }
    empty_baseline(root)?;
    Ok(left)
}

/// Removes one file. Returns true if something of it stays.
fn clear(path: &Path, kept: &[u8]) -> io::Result<bool> {
    // A link is not followed.
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    let content = fs::read(path)?;
    match without_digest(&content) {
        Some(rest) if !rest.trim_ascii().is_empty() => fs::write(path, rest).map(|()| true),
        None if content != kept => Ok(true),
        _ => fs::remove_file(path).map(|()| false),
    }
}

#[cfg(test)]
#[path = "../../tests/unit/memories_clear.rs"]
mod tests;

//! Pruning the resources of extensions.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::EXTENSIONS;

/// Removes resources of extensions that were last changed before a time:
/// `extensions/<name>/resources/*`, where `extensions/<name>/instructions.md` exists. Returns their
/// paths in the root, sorted.
///
/// Only regular files in real folders: no symbolic link is followed or removed.
///
/// # Errors
///
/// Errors of the file system.
pub fn prune_extensions(root: &Path, unused_since: SystemTime) -> io::Result<Vec<String>> {
    let mut pruned = Vec::new();
    for extension in real_folders(&root.join(EXTENSIONS))? {
        let has_instructions = fs::symlink_metadata(extension.join("instructions.md"));
        if !has_instructions.is_ok_and(|metadata| metadata.is_file()) {
            continue;
        }
        let resources = extension.join("resources");
        if !is_real_folder(&resources)? {
            continue;
        }
        for entry in fs::read_dir(&resources)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_file() && metadata.modified()? < unused_since {
                fs::remove_file(entry.path())?;
                let path = entry.path();
                let relative = path.strip_prefix(root).unwrap_or(&path);
                pruned.push(relative.to_string_lossy().into_owned());
            }
        }
    }
    pruned.sort();
    Ok(pruned)
}

fn real_folders(folder: &Path) -> io::Result<Vec<std::path::PathBuf>> {
    if !is_real_folder(folder)? {
        return Ok(Vec::new());
    }
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

/// Returns true for a folder that is no symbolic link, and false if there is nothing.
pub(super) fn is_real_folder(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(metadata.is_dir()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

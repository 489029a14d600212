//! Folders as people mean them: one folder has many spellings, and one repository many folders.

mod repository;
mod spelling;

use std::fs;
use std::path::{Path, PathBuf};

pub use repository::{is_name, of_repository};
pub use spelling::shown;

use spelling::{is_windows, key, on_disk};

/// Returns those of the folders, as threads name them, that are the typed one. `recursive` also
/// takes the folders below it.
///
/// Real paths and links are the same folder, as are a Windows path and its place under `/mnt`.
pub fn matching(typed: &Path, recursive: bool, folders: &[String]) -> Vec<String> {
    let wanted = keys(&place(typed));
    let is_meant = |key: &String| {
        wanted.iter().any(|wanted| {
            let below = key.strip_prefix(wanted.trim_end_matches('/'));
            key == wanted || recursive && below.is_some_and(|rest| rest.starts_with('/'))
        })
    };
    // Only the folders that are spelled differently are looked for on the disk.
    let is_found = |folder: &&String| is_meant(&key(folder)) || keys(folder).iter().any(is_meant);
    folders.iter().filter(is_found).cloned().collect()
}

/// Returns a typed folder from the root, as it was typed.
pub fn place(typed: &Path) -> String {
    let text = typed.to_string_lossy();
    if is_windows(&text) {
        return text.into_owned();
    }
    std::path::absolute(typed).map_or_else(|_| text.into_owned(), |path| path.to_string_lossy().into_owned())
}

/// Returns the keys of a folder: as it is spelled, and of its real path.
fn keys(folder: &str) -> Vec<String> {
    let mut keys = vec![key(folder)];
    keys.extend(real(folder).map(|real| key(&real.to_string_lossy())));
    keys
}

/// Returns the real path of a folder that exists on this machine.
fn real(folder: &str) -> Option<PathBuf> {
    fs::canonicalize(on_disk(folder)).ok()
}

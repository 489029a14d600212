//! Spellings of one folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Prefix of long Windows paths, and of long paths of a share.
const LONG: &str = r"\\?\";
const LONG_SHARE: &str = r"\\?\UNC\";

/// Returns a path without the prefix of long Windows paths, which means nothing to people.
pub fn shown(path: &str) -> String {
    match path.strip_prefix(LONG_SHARE) {
        Some(share) => format!(r"\\{share}"),
        None => path.strip_prefix(LONG).unwrap_or(path).to_owned(),
    }
}

/// Returns true for a path that Windows would write: with a drive's letter, or of a share.
pub(super) fn is_windows(path: &str) -> bool {
    path.starts_with(r"\\") || drive(path).is_some()
}

/// Splits a path into a drive's letter and the rest.
fn drive(path: &str) -> Option<(char, &str)> {
    let letter = path.chars().next().filter(char::is_ascii_alphabetic)?;
    let rest = path[1..].strip_prefix(':')?;
    (rest.is_empty() || rest.starts_with(['/', '\\'])).then_some((letter, rest))
}

/// Splits a path below `/mnt/<letter>`, where Linux on Windows has the drives.
fn mounted_drive(path: &str) -> Option<(char, &str)> {
    let below = path.strip_prefix("/mnt/")?;
    let letter = below.chars().next().filter(char::is_ascii_alphabetic)?;
    let rest = &below[1..];
    (rest.is_empty() || rest.starts_with('/')).then_some((letter, rest))
}

/// Returns true if `/mnt/<letter>` is a drive of Windows: this is Linux on Windows, or this machine
/// has no such folder, and the path comes from another one.
fn is_mounted(letter: char) -> bool {
    static IS_WSL: LazyLock<bool> = LazyLock::new(|| {
        let version = fs::read_to_string("/proc/version").unwrap_or_default();
        version.to_lowercase().contains("microsoft")
    });
    *IS_WSL || !Path::new(&format!("/mnt/{letter}")).exists()
}

/// Returns a text that is equal for all spellings of a folder, links aside. Windows knows no case.
pub(super) fn key(path: &str) -> String {
    key_with(path, is_mounted)
}

fn key_with(path: &str, is_mounted: impl Fn(char) -> bool) -> String {
    let path = shown(path);
    let path = if is_windows(&path) { path.replace('\\', "/") } else { path };
    let mounted = || mounted_drive(&path).filter(|(letter, _)| is_mounted(*letter));
    let on_drive = drive(&path).or_else(mounted);
    let (root, rest) = match on_drive {
        Some((letter, rest)) => (format!("{letter}:"), rest),
        None if path.starts_with("//") => ("/".to_owned(), &path[1..]),
        None => (String::new(), path.as_str()),
    };
    let mut names: Vec<&str> = Vec::new();
    for name in rest.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    let key = format!("{root}/{}", names.join("/"));
    if root.is_empty() { key } else { key.to_lowercase() }
}

/// Returns where a folder would be on this machine: a Windows path is below `/mnt`, except on
/// Windows.
pub(super) fn on_disk(folder: &str) -> PathBuf {
    let path = shown(folder);
    match drive(&path).filter(|_| cfg!(unix)) {
        Some((letter, rest)) => {
            format!("/mnt/{}{}", letter.to_ascii_lowercase(), rest.replace('\\', "/")).into()
        }
        None => path.into(),
    }
}

#[cfg(test)]
#[path = "../../tests/unit/folders_spelling.rs"]
mod tests;

//! State of a place by its listing alone, so that a place where nothing has changed is not opened.

use std::path::{Path, PathBuf};

use threadkeep_rollout::{Fingerprint, untouched};
use uuid::Uuid;

/// The deepest nesting of folders that is listed.
const MAX_DEPTH: usize = 12;

/// Returns a text that changes when a file or folder below these paths does: its name, its length
/// or its times.
pub(super) fn of(paths: &[PathBuf]) -> String {
    let mut listing = String::new();
    for path in paths {
        list(path, MAX_DEPTH, &mut listing);
    }
    Uuid::new_v5(&Uuid::NAMESPACE_URL, listing.as_bytes()).to_string()
}

fn list(path: &Path, depth: usize, listing: &mut String) {
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return };
    if !metadata.is_dir() {
        add(path, &metadata, listing);
        return;
    }
    let mut entries = untouched::entries(path).unwrap_or_default();
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    for entry in entries {
        let path = path.join(&entry.name);
        match entry.kind {
            untouched::Kind::Folder if depth > 0 => list(&path, depth - 1, listing),
            // Readers of a database change this one.
            untouched::Kind::File if !entry.name.to_string_lossy().ends_with("-shm") => {
                if let Ok(metadata) = std::fs::symlink_metadata(&path) {
                    add(&path, &metadata, listing);
                }
            }
            _ => {}
        }
    }
}

fn add(path: &Path, metadata: &std::fs::Metadata, listing: &mut String) {
    listing.push_str(&path.to_string_lossy());
    listing.push('\0');
    listing.push_str(&Fingerprint::of(metadata).short(b""));
    listing.push('\n');
}

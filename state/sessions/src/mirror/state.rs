//! State of a place by its listing alone, so that a place where nothing has changed is not opened.

use std::io;
use std::path::{Path, PathBuf};

use threadkeep_rollout::{Fingerprint, untouched};
use uuid::Uuid;

use crate::found::Unread;

/// The deepest nesting of folders in a place. `OpenHands` has two for each of 16 levels of
/// sub-agents.
pub const MAX_DEPTH: usize = 40;

/// Listing of a place.
#[derive(Debug, Default)]
pub(super) struct Listed {
    text: String,
    /// Folders and files that could not be looked at, with the reason.
    pub(super) unlisted: Vec<(PathBuf, io::Error)>,
}

/// Lists what is below these paths.
pub(super) fn of(paths: &[PathBuf]) -> Listed {
    let mut listed = Listed::default();
    for path in paths {
        listed.list(path, MAX_DEPTH);
    }
    listed
}

/// Lists the files and folders below these paths that cannot be looked at, with the reason.
/// Sessions in them are not found.
pub fn unlisted(paths: &[PathBuf]) -> Vec<Unread> {
    of(paths).unlisted.iter().map(|(path, error)| Unread::new(path, error)).collect()
}

impl Listed {
    /// Returns a text that changes when one of the files or folders does: its name, its length or
    /// its times.
    pub(super) fn state(&self) -> String {
        Uuid::new_v5(&Uuid::NAMESPACE_URL, self.text.as_bytes()).to_string()
    }

    fn list(&mut self, path: &Path, depth: usize) {
        let metadata = match std::fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return self.missed(path, error),
        };
        if !metadata.is_dir() {
            return self.add(path, &metadata);
        }
        let mut entries = match untouched::entries(path) {
            Ok(entries) => entries,
            Err(error) => return self.missed(path, error),
        };
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        for entry in entries {
            let path = path.join(&entry.name);
            match entry.kind {
                untouched::Kind::Folder if depth > 0 => self.list(&path, depth - 1),
                // Readers of a database change this one.
                untouched::Kind::File if !entry.name.to_string_lossy().ends_with("-shm") => {
                    match std::fs::symlink_metadata(&path) {
                        Ok(metadata) => self.add(&path, &metadata),
                        Err(error) => self.missed(&path, error),
                    }
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, path: &Path, metadata: &std::fs::Metadata) {
        self.text.push_str(&path.to_string_lossy());
        self.text.push('\0');
        self.text.push_str(&Fingerprint::of(metadata).short(b""));
        self.text.push('\n');
    }

    fn missed(&mut self, path: &Path, error: io::Error) {
        // Agents remove files at any time.
        if error.kind() != io::ErrorKind::NotFound {
            self.text.push_str(&format!("{}\0{error}\n", path.to_string_lossy()));
            self.unlisted.push((path.to_owned(), error));
        }
    }
}

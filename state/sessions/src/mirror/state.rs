//! State of a place by its listing alone, so that a place where nothing has changed is not opened.

use std::io;
use std::path::{Path, PathBuf};

use threadkeep_rollout::Fingerprint;
use uuid::Uuid;

use crate::found::Unread;
use crate::walk::each_file;

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
        each_file(path, &mut |path, looked| listed.add(path, looked));
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

    fn add(&mut self, path: &Path, looked: io::Result<Fingerprint>) {
        self.text.push_str(&path.to_string_lossy());
        self.text.push('\0');
        match looked {
            Ok(fingerprint) => self.text.push_str(&fingerprint.short(b"")),
            Err(error) => {
                self.text.push_str(&error.to_string());
                self.unlisted.push((path.to_owned(), error));
            }
        }
        self.text.push('\n');
    }
}

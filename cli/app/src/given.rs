//! The directories that the user chose, as options for a printed command.

use std::fs;
use std::path::{Path, PathBuf};

use crate::text::shell_os_word;

/// Directories that the user chose with options. Every command that a message names repeats them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Value of `--home`.
    pub home: Option<PathBuf>,
    /// Value of `--sqlite-home`.
    pub sqlite_home: Option<PathBuf>,
}

impl Given {
    /// Returns the options as words for a shell. Paths begin at the root, so that they are good in
    /// any folder and no shell takes one for an option.
    pub fn options(&self) -> Vec<String> {
        let options = [("--home", &self.home), ("--sqlite-home", &self.sqlite_home)];
        let given = options.into_iter().filter_map(|(name, place)| Some((name, place.as_ref()?)));
        given.flat_map(|(name, place)| [name.to_owned(), path_word(place)]).collect()
    }
}

/// Quotes a path for a shell, from the root.
pub fn path_word(path: &Path) -> String {
    shell_os_word(absolute(path).as_os_str())
}

/// Follows the links of a path. A path that leads nowhere only begins at the root.
pub fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| absolute(path))
}

/// Makes a path begin at the root.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

//! Paths in an agent home that cannot be looked at.

use std::io;
use std::path::Path;

/// Returns the prefix of the keys that a path hides: of those below a folder, and not of its
/// neighbours (`2026/1` is not `2026/10`).
pub(crate) fn prefix_of(path: &str) -> String {
    let is_file = [".jsonl", ".zst", ".json"].iter().any(|ending| path.ends_with(ending));
    if path.is_empty() || is_file { path.to_owned() } else { format!("{path}/") }
}

/// Returns true if a file is certainly not there. A file that may not be looked at is not gone.
pub(crate) fn is_gone(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

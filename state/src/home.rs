//! Paths in an agent home that are not there.

use std::io;
use std::path::Path;

/// Returns true if a file is certainly not there. A file that may not be looked at is not gone.
pub(crate) fn is_gone(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

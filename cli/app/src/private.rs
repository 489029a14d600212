//! Folders for one user alone.

use std::path::Path;
use std::{fs, io};

/// Creates a folder, and the folders around it, for this user alone. An existing folder stays as it
/// is.
///
/// # Errors
///
/// The system's error.
pub fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

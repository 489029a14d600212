//! Writing a file whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

/// Beginning of the names of temporary files. The workspace leaves them out, and the next sync
/// removes what a killed process left.
pub(crate) const TEMPORARY: &str = ".threadkeep-";

/// Writes a file atomically: a reader sees the old content or the new, also after a kill. A
/// symbolic link of that name is replaced, not followed.
///
/// # Errors
///
/// Errors of the file system.
pub fn write_atomically(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_data()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

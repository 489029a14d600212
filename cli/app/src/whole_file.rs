//! Files that are written whole or not at all, and that only this user may read.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::fault::Fault;

/// Writes a file. Returns its size in bytes.
///
/// `fill` writes to a file next to it, which is then renamed, so that no half file remains.
///
/// # Errors
///
/// Any fault of `fill`. Errors of the system become faults by `failed`:
/// [`io::ErrorKind::AlreadyExists`] if a file is there that `replaces` does not allow to replace.
pub fn write(
    path: &Path,
    replaces: bool,
    failed: impl Fn(io::Error) -> Fault,
    fill: impl FnOnce(&mut File) -> Result<(), Fault>,
) -> Result<u64, Fault> {
    let builder = &mut tempfile::Builder::new();
    let made = builder.prefix(".threadkeep-").suffix(".partial").tempfile_in(folder(path));
    let mut file = made.map_err(&failed)?;
    fill(file.as_file_mut())?;
    file.as_file().sync_all().map_err(&failed)?;
    let size = file.as_file().metadata().map_err(&failed)?.len();
    let renamed = if replaces { file.persist(path) } else { file.persist_noclobber(path) };
    renamed.map_err(|error| failed(error.error))?;
    Ok(size)
}

/// Returns the folder of a file.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

//! Regular files: opening one without ever waiting for the other end of a pipe, and questions about
//! them.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// Opens a regular file for reading. Anything else is [`io::ErrorKind::IsADirectory`].
///
/// Not for a file that SQLite has locks on: see [`kept_handle`](super::kept_handle).
pub(crate) fn open(path: &Path) -> io::Result<File> {
    check(&std::fs::metadata(path)?)?;
    let mut options = File::options();
    options.read(true);
    never_wait(&mut options);
    let file = options.open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// Opens a file for writing, and creates it empty and for this user alone. Existing content stays.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    never_wait(&mut options);
    options.open(path)
}

/// Makes opening return at once if a pipe has replaced the file since its metadata was read.
fn never_wait(options: &mut std::fs::OpenOptions) {
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NONBLOCK.bits();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.cast_signed());
    }
    let _ = options;
}

/// Fails unless this is a regular file.
pub(crate) fn check(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() { Ok(()) } else { Err(io::ErrorKind::IsADirectory.into()) }
}

/// Returns true if a file exists and is not empty.
pub(crate) fn has_content(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0)
}

/// Asks the system if this process may write, without writing.
pub(crate) fn is_writable(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, AtFlags, CWD, accessat};
        accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok()
    }
    #[cfg(not(unix))]
    {
        std::fs::metadata(path).is_ok_and(|metadata| metadata.is_dir() || !metadata.permissions().readonly())
    }
}

/// Syncs a file's folder, so that a rename survives a power cut. Windows cannot, and need not.
pub(crate) fn sync_folder(of: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = of.parent() {
        File::open(folder)?.sync_all()?;
    }
    let _ = of;
    Ok(())
}

//! Reading the beginning of a database that SQLite may have open in this process.
//!
//! When a process closes a file, POSIX drops all of its locks on that file, also those of other handles
//! (<https://www.sqlite.org/howtocorrupt.html>, 2.2). A look that closes what it looked at would take the locks from a
//! database that is in use; the next program to close it would then believe to be the last, and delete the log. So what
//! was once looked at stays open, one handle a file, until the file is deleted.

use std::fs::File;
use std::io;
use std::path::Path;

/// Reads up to `length` bytes of a regular file.
#[cfg(unix)]
pub(crate) fn beginning(path: &Path, length: usize) -> io::Result<Vec<u8>> {
    use std::os::unix::fs::{FileExt as _, MetadataExt as _};
    use std::sync::{Mutex, PoisonError};

    static KEPT: Mutex<Vec<((u64, u64), File)>> = Mutex::new(Vec::new());

    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let there = regular(std::fs::metadata(path)?)?;
    let id = (there.dev(), there.ino());
    if !kept.iter().any(|(other, _)| *other == id) {
        kept.retain(|(_, file)| file.metadata().is_ok_and(|file| file.nlink() > 0));
    }
    let at = match kept.iter().position(|(other, _)| *other == id) {
        Some(at) => at,
        None => {
            let file = open(path)?;
            let opened = file.metadata()?;
            kept.push(((opened.dev(), opened.ino()), file));
            kept.len() - 1
        }
    };
    let file = &kept[at].1;
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match file.read_at(&mut bytes[filled..], filled as u64) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Reads up to `length` bytes of a regular file.
#[cfg(not(unix))]
pub(crate) fn beginning(path: &Path, length: usize) -> io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::with_capacity(length);
    open(path)?.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a regular file for reading. Anything else (a pipe would wait for its other end for ever) is
/// [`io::ErrorKind::IsADirectory`], whatever it is.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    regular(std::fs::metadata(path)?)?;
    let mut options = File::options();
    options.read(true);
    never_wait(&mut options);
    let file = options.open(path)?;
    regular(file.metadata()?)?;
    Ok(file)
}

/// Makes opening return at once, should a pipe have come into the file's place since it was asked for.
pub(crate) fn never_wait(options: &mut std::fs::OpenOptions) {
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NONBLOCK.bits();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.cast_signed());
    }
    let _ = options;
}

fn regular(metadata: std::fs::Metadata) -> io::Result<std::fs::Metadata> {
    if metadata.is_file() { Ok(metadata) } else { Err(io::ErrorKind::IsADirectory.into()) }
}

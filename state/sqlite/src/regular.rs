//! Opening what has to be a regular file, without ever waiting for the other end of a pipe.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// Opens a regular file for reading. Anything else is [`io::ErrorKind::IsADirectory`], whatever it is.
///
/// Not for a file that SQLite has locks on: see [`crate::header`].
pub(crate) fn open(path: &Path) -> io::Result<File> {
    check(&std::fs::metadata(path)?)?;
    let mut options = File::options();
    options.read(true);
    never_wait(&mut options);
    let file = options.open(path)?;
    check(&file.metadata()?)?;
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

fn check(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() { Ok(()) } else { Err(io::ErrorKind::IsADirectory.into()) }
}

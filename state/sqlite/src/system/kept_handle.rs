//! Reading a file without dropping the locks that this process has on it.
//!
//! On Unix, closing any handle of a file drops every `fcntl` lock that the process has on the file,
//! also the locks of SQLite. Another program could then write in the middle of our transaction
//! (<https://www.sqlite.org/howtocorrupt.html>, 2.2). So our handle of each database file stays
//! open until the file is deleted.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

use super::regular_file;

/// Reads up to `length` bytes of a regular file from the byte `at` on.
pub(crate) fn read(path: &Path, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let found = std::fs::metadata(path)?;
    // Before it is opened: on a pipe that would wait for ever.
    regular_file::check(&found)?;
    read_regular(path, &found, at, length)
}

#[cfg(unix)]
fn read_regular(path: &Path, found: &Metadata, begin: u64, length: usize) -> io::Result<Vec<u8>> {
    use std::io::ErrorKind;
    use std::os::unix::fs::{FileExt as _, MetadataExt as _};
    use std::sync::{Mutex, PoisonError};

    static KEPT: Mutex<Vec<(u64, u64, File)>> = Mutex::new(Vec::new());

    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let id = (found.dev(), found.ino());
    let at = match kept.iter().position(|(device, inode, _)| (*device, *inode) == id) {
        Some(at) => at,
        None => {
            kept.retain(|(_, _, file)| file.metadata().is_ok_and(|file| file.nlink() > 0));
            let file = File::open(path)?;
            let opened = file.metadata()?;
            kept.push((opened.dev(), opened.ino(), file));
            kept.len() - 1
        }
    };
    let file = &kept[at].2;
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match file.read_at(&mut bytes[filled..], begin + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

#[cfg(not(unix))]
fn read_regular(path: &Path, _: &Metadata, begin: u64, length: usize) -> io::Result<Vec<u8>> {
    use std::io::{Read as _, Seek as _, SeekFrom};

    let mut bytes = Vec::with_capacity(length);
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(begin))?;
    file.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

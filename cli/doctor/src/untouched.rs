//! Reading files and folders without changing their access times.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Opens a file for reading. Its access time stays, if it is this user's file.
///
/// # Errors
///
/// Any error of opening it.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{Mode, OFlags};
        use rustix::io::Errno;
        // A pipe in the place of a file must not block.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        match rustix::fs::open(path, flags | OFlags::NOATIME, Mode::empty()) {
            Ok(file) => Ok(file.into()),
            // Only the owner may ask for it.
            Err(Errno::PERM) => Ok(rustix::fs::open(path, flags, Mode::empty())?.into()),
            Err(error) => Err(error.into()),
        }
    }
    #[cfg(not(target_os = "linux"))]
    File::open(path)
}

/// Reads the first bytes of a regular file.
///
/// # Errors
///
/// Any error of reading it; `InvalidInput` if it is not a regular file.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Entry of a folder.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: std::ffi::OsString,
    /// True for a folder, false for anything else; `None` if the file system does not say.
    pub(crate) is_folder: Option<bool>,
}

/// Lists a folder.
///
/// # Errors
///
/// Any error of listing it.
#[cfg(target_os = "linux")]
pub(crate) fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    use rustix::fs::{Dir, FileType};
    use std::os::unix::ffi::OsStrExt as _;
    let mut found = Vec::new();
    for entry in Dir::new(open(folder)?)? {
        let entry = entry?;
        let name = std::ffi::OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            let is_folder = match entry.file_type() {
                FileType::Unknown | FileType::Symlink => None,
                kind => Some(kind == FileType::Directory),
            };
            found.push(Entry { name: name.to_owned(), is_folder });
        }
    }
    Ok(found)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let entry = |entry: io::Result<std::fs::DirEntry>| {
        let entry = entry?;
        let is_folder = entry.file_type().ok().filter(|kind| !kind.is_symlink()).map(|kind| kind.is_dir());
        Ok(Entry { name: entry.file_name(), is_folder })
    };
    std::fs::read_dir(folder)?.map(entry).collect()
}

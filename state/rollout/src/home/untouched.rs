//! Reading files and folders without changing their access times.
//!
//! Only a file's owner may ask for that, and only Linux can do it. Elsewhere these are plain reads.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::fingerprint::Fingerprint;

/// Opens a file or folder for reading. A pipe in its place does not block.
///
/// # Errors
///
/// Any error of opening it.
pub fn open(path: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        match rustix::fs::open(path, flags | OFlags::NOATIME, Mode::empty()) {
            Ok(file) => Ok(file.into()),
            // Only the owner may ask for it.
            Err(rustix::io::Errno::PERM) => Ok(rustix::fs::open(path, flags, Mode::empty())?.into()),
            Err(error) => Err(error.into()),
        }
    }
    #[cfg(not(target_os = "linux"))]
    File::open(path)
}

/// Reads at most `limit` bytes from the beginning of a regular file.
///
/// # Errors
///
/// Any error of reading it; `InvalidInput` if it is not a regular file.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Kind of an entry. Links are not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Regular file.
    File,
    /// Folder.
    Folder,
    /// Symbolic link.
    Link,
    /// Anything else, such as a pipe.
    Other,
}

/// Entry of a folder.
#[derive(Debug, Clone)]
pub struct Entry {
    /// File name.
    pub name: OsString,
    /// Kind.
    pub kind: Kind,
}

/// Lists a folder, in no order.
///
/// # Errors
///
/// Any error of listing it.
pub fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    Folder::open(folder)?.entries()
}

/// A folder that is being listed.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    #[cfg(target_os = "linux")]
    handle: File,
}

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    ///
    /// Any error of opening it.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_path_buf(),
            #[cfg(target_os = "linux")]
            handle: open(path)?,
        })
    }

    /// Lists the folder, in no order.
    ///
    /// # Errors
    ///
    /// Any error of listing it.
    #[cfg(target_os = "linux")]
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        use rustix::fs::{Dir, FileType};
        use std::os::unix::ffi::OsStrExt as _;
        let mut found = Vec::new();
        for entry in Dir::new(self.handle.try_clone()?)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems do not say.
                FileType::Unknown => match self.look(name) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    looked => looked?.0,
                },
                kind => kind_of(kind),
            };
            found.push(Entry { name: name.to_owned(), kind });
        }
        Ok(found)
    }

    /// Lists the folder, in no order.
    ///
    /// # Errors
    ///
    /// Any error of listing it.
    #[cfg(not(target_os = "linux"))]
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        let entry = |entry: io::Result<std::fs::DirEntry>| {
            let entry = entry?;
            Ok(Entry { name: entry.file_name(), kind: kind_of(entry.file_type()?) })
        };
        std::fs::read_dir(&self.path)?.map(entry).collect()
    }

    /// Returns the path of an entry.
    #[must_use]
    pub fn path_of(&self, name: &OsStr) -> PathBuf {
        self.path.join(name)
    }

    /// Looks at an entry, without following a link.
    ///
    /// # Errors
    ///
    /// Any error of looking at it.
    pub fn look(&self, name: &OsStr) -> io::Result<(Kind, Fingerprint)> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{AtFlags, FileType, statat};
            let stat = statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)?;
            Ok((kind_of(FileType::from_raw_mode(stat.st_mode)), Fingerprint::of_stat(&stat)))
        }
        #[cfg(not(target_os = "linux"))]
        {
            let metadata = std::fs::symlink_metadata(self.path.join(name))?;
            Ok((kind_of(metadata.file_type()), Fingerprint::of(&metadata)))
        }
    }
}

#[cfg(target_os = "linux")]
fn kind_of(kind: rustix::fs::FileType) -> Kind {
    match kind {
        rustix::fs::FileType::RegularFile => Kind::File,
        rustix::fs::FileType::Directory => Kind::Folder,
        rustix::fs::FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}

#[cfg(not(target_os = "linux"))]
fn kind_of(kind: std::fs::FileType) -> Kind {
    match kind {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Folder,
        kind if kind.is_symlink() => Kind::Link,
        _ => Kind::Other,
    }
}

//! A folder by its handle. No operation follows a link, also not as a part of a path.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

/// Largest file that a workspace records, in bytes.
pub(super) const LARGEST: u64 = 64 << 20;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const PRIVATE: Mode = Mode::RWXU;

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

/// Type of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    File {
        executable: bool,
    },
    Link,
    Folder,
    /// FIFO, socket or device.
    Special,
    /// File of more than [`LARGEST`] bytes.
    TooLarge,
}

impl Folder {
    /// Opens a folder. The path may lead over links: the caller chose it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::open(path, FOLDER, Mode::empty())?))
    }

    /// Opens a folder in this one.
    pub(super) fn child(&self, name: &[u8]) -> io::Result<Self> {
        Ok(Self(rustix::fs::openat(&self.0, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// Opens the folder that a relative path is in. Returns it with the last name of the path.
    pub(super) fn parent<'p>(&self, path: &'p [u8]) -> io::Result<(Self, &'p [u8])> {
        self.descend(path, |_, _| Ok(()))
    }

    /// Does the same, and creates the folders that are missing.
    pub(super) fn create_parent<'p>(&self, path: &'p [u8]) -> io::Result<(Self, &'p [u8])> {
        self.descend(path, Self::create_child)
    }

    fn descend<'p>(
        &self,
        path: &'p [u8],
        before: impl Fn(&Self, &[u8]) -> io::Result<()>,
    ) -> io::Result<(Self, &'p [u8])> {
        let mut folder = Self(self.0.try_clone()?);
        let mut rest = path;
        while let Some(end) = rest.iter().position(|byte| *byte == b'/').filter(|end| end + 1 < rest.len()) {
            before(&folder, &rest[..end])?;
            folder = folder.child(&rest[..end])?;
            rest = &rest[end + 1..];
        }
        Ok((folder, rest))
    }

    /// Lists names and types, sorted. A type may be unknown.
    pub(super) fn names(&self) -> io::Result<Vec<(Vec<u8>, FileType)>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push((name.to_vec(), entry.file_type()));
            }
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(names)
    }

    /// Reads a file or the target of a link. A name whose type changes meanwhile counts as missing.
    pub(super) fn read(&self, name: &[u8], kind: FileType, content: &mut Vec<u8>) -> io::Result<Found> {
        content.clear();
        let kind = if kind == FileType::Unknown { self.kind(name)? } else { kind };
        match kind {
            FileType::RegularFile => self.read_file(name, content),
            FileType::Symlink => {
                content.extend_from_slice(rustix::fs::readlinkat(&self.0, name, Vec::new())?.as_bytes());
                Ok(Found::Link)
            }
            FileType::Directory => Ok(Found::Folder),
            _ => Ok(Found::Special),
        }
    }

    fn read_file(&self, name: &[u8], content: &mut Vec<u8>) -> io::Result<Found> {
        // A FIFO that took the file's place would block without `NONBLOCK`.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.0, name, flags, Mode::empty()) {
            Err(Errno::LOOP) => return Err(Errno::NOENT.into()),
            file => file?,
        };
        let stat = rustix::fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Errno::NOENT.into());
        }
        let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
        if size <= LARGEST {
            content.reserve(usize::try_from(size).unwrap_or(0) + 1);
            File::from(file).take(LARGEST + 1).read_to_end(content)?;
        }
        if size.max(content.len() as u64) > LARGEST {
            return Ok(Found::TooLarge);
        }
        Ok(Found::File { executable: Mode::from_raw_mode(stat.st_mode).contains(Mode::XUSR) })
    }

    /// Returns the type of a name.
    pub(super) fn kind(&self, name: &[u8]) -> io::Result<FileType> {
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(FileType::from_raw_mode(stat.st_mode))
    }

    /// Creates a folder that only the user may read, if there is none.
    pub(super) fn create_child(&self, name: &[u8]) -> io::Result<()> {
        match rustix::fs::mkdirat(&self.0, name, PRIVATE) {
            Err(Errno::EXIST) => Ok(()),
            result => Ok(result?),
        }
    }

    /// Replaces a file, or creates it.
    pub(super) fn replace_file(&self, name: &[u8], content: &[u8], executable: bool) -> io::Result<File> {
        match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Err(error) if error != Errno::NOENT => Err(error.into()),
            _ => self.create_file(name, content, executable),
        }
    }

    /// Creates a file that only the user may read.
    pub(super) fn create_file(&self, name: &[u8], content: &[u8], executable: bool) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = if executable { PRIVATE } else { Mode::RUSR | Mode::WUSR };
        let mut file = File::from(rustix::fs::openat(&self.0, name, flags, mode)?);
        file.write_all(content)?;
        Ok(file)
    }

    /// Creates a link.
    pub(super) fn create_link(&self, name: &[u8], target: &[u8]) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target, &self.0, name)?)
    }

    /// Renames over the file with the name.
    pub(super) fn rename(&self, from: &[u8], to: &Self, name: &[u8]) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &to.0, name)?)
    }

    /// Renames, and fails with [`io::ErrorKind::AlreadyExists`] if the new name is taken.
    pub(super) fn rename_new(&self, from: &[u8], to: &Self, name: &[u8]) -> io::Result<()> {
        match rename_with(self, from, to, name, Flag::NoReplace) {
            Err(error) if is_unsupported(error) => match to.kind(name) {
                Ok(_) => Err(Errno::EXIST.into()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.rename(from, to, name),
                Err(error) => Err(error),
            },
            result => Ok(result?),
        }
    }

    /// Exchanges two names in one step. Returns false if the system or the file system cannot.
    pub(super) fn exchange(&self, from: &[u8], to: &Self, name: &[u8]) -> io::Result<bool> {
        match rename_with(self, from, to, name, Flag::Exchange) {
            Ok(()) => Ok(true),
            Err(error) if is_unsupported(error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes changes of names durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.0)?)
    }

    /// Removes a folder if it is empty.
    pub(super) fn remove_child(&self, name: &[u8]) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }
}

/// Returns true if an error says that a part of a path is no folder.
pub(super) fn is_in_the_way(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOTDIR | Errno::LOOP))
}

enum Flag {
    NoReplace,
    Exchange,
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_with(folder: &Folder, from: &[u8], to: &Folder, name: &[u8], flag: Flag) -> Result<(), Errno> {
    use rustix::fs::RenameFlags;
    let flags = match flag {
        Flag::NoReplace => RenameFlags::NOREPLACE,
        Flag::Exchange => RenameFlags::EXCHANGE,
    };
    rustix::fs::renameat_with(&folder.0, from, &to.0, name, flags)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_with(_: &Folder, _: &[u8], _: &Folder, _: &[u8], _: Flag) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}

fn is_unsupported(error: Errno) -> bool {
    // Two of these are one number on Linux.
    [Errno::NOSYS, Errno::INVAL, Errno::NOTSUP, Errno::OPNOTSUPP].contains(&error)
}

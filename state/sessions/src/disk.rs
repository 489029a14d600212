//! Files of ours: for this user alone, and whole after a kill.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Number of files above which the whole file system is synchronized at once.
#[cfg(target_os = "linux")]
const MANY: usize = 16;

/// Creates a folder for this user alone, if there is none.
pub(crate) fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Creates a file for this user alone, where there is none.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Replaces a file, so that a kill leaves the old one or the new one. The new one is named `*.new`
/// before.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    remove_file(&new)?;
    let mut file = create_file(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// Removes a file, if it is there.
pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(ignore_missing)
}

/// Removes a folder with everything in it, if it is there.
pub(crate) fn remove_folder(folder: &Path) -> io::Result<()> {
    fs::remove_dir_all(folder).or_else(ignore_missing)
}

/// End of the name of a folder that was not copied whole.
pub(crate) const PART: &str = ".part";

/// Moves a folder, also to another file system. A kill leaves the whole folder in one of the
/// places, or in both, and maybe a [`PART`].
pub(crate) fn move_folder(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {}
        renamed => return renamed,
    }
    let mut part = to.as_os_str().to_owned();
    part.push(PART);
    let part = PathBuf::from(part);
    remove_folder(&part)?;
    copy_folder(from, &part)?;
    fs::rename(&part, to)?;
    to.parent().map_or(Ok(()), sync_folder)?;
    remove_folder(from)
}

/// Copies a folder to the disk.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    create_private(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_folder(&from, &to)?;
        } else {
            let mut file = create_file(&to)?;
            io::copy(&mut File::open(&from)?, &mut file)?;
            file.sync_all()?;
        }
    }
    sync_folder(to)
}

fn ignore_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// A lock file that this process has.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    /// Unlocks at once, even if a child process that is just being started holds a copy of the open
    /// file.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Takes a lock file; `None` if another process has it.
pub(crate) fn try_lock(path: &Path) -> io::Result<Option<Lock>> {
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Waits until files on the file system of a folder are on the disk.
pub(crate) fn synchronize(folder: &Path, files: &[&Path]) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if files.len() > MANY {
        return Ok(rustix::fs::syncfs(File::open(folder)?)?);
    }
    _ = folder;
    files.iter().try_for_each(|path| File::options().append(true).open(path)?.sync_data())
}

/// Waits until the names in a folder are on the disk, after a rename that must not be lost.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

//! Files and folders that no other user may read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::ProviderError;

/// Creates a folder for this user alone, or checks that other users cannot open an existing one.
pub(crate) fn folder(path: &Path) -> Result<(), ProviderError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed("create", path))?;
    check(path, &fs::metadata(path).map_err(failed("read", path))?)
}

/// Checks that other users cannot open a folder. Creates none.
pub(crate) fn check_folder(path: &Path) -> Result<(), ProviderError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        found => check(path, &found.map_err(failed("read", path))?),
    }
}

/// Opens a file that must be this user's alone, and follows no link.
pub(crate) fn open(path: &Path) -> Result<File, ProviderError> {
    let file = never_follow(OpenOptions::new().read(true)).open(path).map_err(failed("read", path))?;
    let metadata = file.metadata().map_err(failed("read", path))?;
    if !metadata.is_file() {
        return Err(ProviderError::Damaged { path: path.to_owned() });
    }
    check(path, &metadata)?;
    Ok(file)
}

/// Creates a file, for this user alone from its first moment.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    never_follow(OpenOptions::new().write(true).create_new(true)).open(path)
}

/// Opens a file for reading and writing, and creates it if it does not exist.
pub(crate) fn open_or_create(path: &Path) -> io::Result<File> {
    never_follow(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(path)
}

fn never_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    options
}

/// Fails if other users have any permission.
fn check(path: &Path, metadata: &fs::Metadata) -> Result<(), ProviderError> {
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        return Err(ProviderError::Exposed { path: path.to_owned() });
    }
    let _ = (path, metadata);
    Ok(())
}

/// Makes the error of a file. A missing one is [`ProviderError::NoSuchKey`].
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ProviderError {
    let path: PathBuf = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::NotFound => ProviderError::NoSuchKey,
        _ => ProviderError::Io { action, path, source },
    }
}

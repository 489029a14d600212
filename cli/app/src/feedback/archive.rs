//! Writes a bundle as a zip file, whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::bundle::Entry;
use crate::fault::Fault;
use crate::messages::of_io;
use crate::whole_file::{self, folder};

/// Checks that a file can be written at a path. Returns true if a file is there, which would be
/// replaced.
///
/// # Errors
///
/// Fails if something other than a file is there, or if its folder does not exist.
pub fn check(path: &Path) -> Result<bool, Fault> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => return Ok(true),
        Ok(_) => {
            let why = format!("{} is there, and it is not a file", path.display());
            return Err(Fault::new(why, "choose another name with --output FILE.zip"));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unwritable(path, &error)),
    }
    let folder = folder(path);
    if folder.is_dir() {
        return Ok(false);
    }
    let why = format!("{} is not a folder", folder.display());
    Err(Fault::new(why, "create it first, or choose another place with --output FILE.zip"))
}

/// Writes a zip file that only this user may read. Returns its size in bytes.
///
/// Its bytes follow from the entries alone: all have the same time.
///
/// # Errors
///
/// Fails if it cannot be written, and if a file is there that `replaces` does not allow to replace.
pub fn write(path: &Path, entries: &[Entry], replaces: bool) -> Result<u64, Fault> {
    let failed = |error: io::Error| unwritable(path, &error);
    whole_file::write(path, replaces, failed, |file| {
        let mut zip = ZipWriter::new(file);
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(0o600);
        for entry in entries {
            let name = safe(entry.name).map_err(failed)?;
            zip.start_file(name, options).map_err(io::Error::from).map_err(failed)?;
            zip.write_all(&entry.bytes).map_err(failed)?;
        }
        zip.finish().map_err(io::Error::from).map_err(failed)?;
        Ok(())
    })
}

/// Returns a name if it is one in the archive's root, on every system. The library takes any.
fn safe(name: &str) -> io::Result<&str> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if !name.is_empty() && !name.starts_with('.') && name.chars().all(is_plain) {
        return Ok(name);
    }
    Err(io::Error::other(format!("{name:?} is no name for a file of the bundle")))
}

fn unwritable(path: &Path, error: &io::Error) -> Fault {
    let hint = "choose another place with --output FILE.zip";
    let fault = if error.kind() == io::ErrorKind::AlreadyExists {
        Fault::new(format!("{} exists", path.display()), hint)
    } else {
        Fault::new(format!("cannot write {}: {}", path.display(), of_io(error)), hint)
    };
    fault.because(error)
}

#[cfg(test)]
#[path = "../../tests/unit/feedback_archive.rs"]
mod tests;

//! Pages that are written for a browser. One may replace an earlier one, and no other file.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::fault::Fault;
use crate::{messages, whole_file};

/// Bytes of a file in which the mark of our pages must be.
const HEAD: u64 = 1_024;

/// Checks that a new file can take a path's place: nothing is there, or a regular file, or a link
/// to one. Renaming onto a device or a pipe would remove it.
///
/// # Errors
///
/// Fails if something else is there.
pub fn is_replaceable(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(io::Error::other("it is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Checks that a file does not exist, or is a page with this mark in its head.
///
/// # Errors
///
/// Fails if another file is there, or cannot be read.
pub fn check(path: &Path, mark: &str) -> Result<(), Fault> {
    let read = || -> io::Result<Vec<u8>> {
        is_replaceable(path)?;
        let mut head = Vec::new();
        File::open(path)?.take(HEAD).read_to_end(&mut head)?;
        Ok(head)
    };
    match read() {
        Ok(head) if head.is_empty() || String::from_utf8_lossy(&head).contains(mark) => Ok(()),
        Ok(_) => Err(Fault::new(
            format!("{} exists, and is no page of this command", path.display()),
            "choose another name, or remove the file",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unwritable(path, &error)),
    }
}

/// Writes a page, whole or not at all. Only this user may read it.
///
/// # Errors
///
/// As [`check`], and if the page cannot be written.
pub fn write(path: &Path, html: &str, mark: &str) -> Result<(), Fault> {
    check(path, mark)?;
    let failed = |error: io::Error| unwritable(path, &error);
    whole_file::write(path, true, failed, |file| file.write_all(html.as_bytes()).map_err(failed))?;
    Ok(())
}

fn unwritable(path: &Path, error: &io::Error) -> Fault {
    let hint = "choose a file in a folder that you can write to";
    Fault::new(format!("cannot write {}: {}", path.display(), messages::of_io(error)), hint).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = "<meta name=\"generator\" content=\"test\">";

    #[test]
    fn a_page_replaces_a_page_and_no_other_file() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("page.html");
        for text in ["one", "two"] {
            let html = format!("<!doctype html>{MARK}{text}");
            write(&path, &html, MARK)?;
            assert_eq!(std::fs::read_to_string(&path)?, html);
        }
        std::fs::write(&path, "my notes")?;
        let refused = write(&path, MARK, MARK);
        assert!(refused.is_err_and(|fault| fault.to_string().ends_with("is no page of this command")));
        assert_eq!(std::fs::read_to_string(&path)?, "my notes");
        assert!(write(Path::new("/dev/null"), MARK, MARK).is_err(), "a device is not replaced");
        assert!(write(&folder.path().join("none/page.html"), MARK, MARK).is_err());
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 1, "nothing partial is left");
        Ok(())
    }
}

//! The seal: what a database was like when its last connection closed.
//!
//! A database that was closed cleanly and not touched since needs no check. The seal is the content
//! of our lock file: length and time of the database, and for a small one its checksum, which also
//! shows a change that leaves the time as it was.

use std::io::{self, Write as _};
use std::time::SystemTime;

use crate::paths::DbPaths;
use crate::system::holders::has_locks;
use crate::system::regular_file::{create_private, has_content};
use crate::system::{kept_handle, regular_file};

/// Largest database whose content is part of its seal, in bytes. Reading it takes about 2 ms.
pub(crate) const SMALL: u64 = 8 << 20;

/// Largest database that is checked before it is sealed, in bytes. A check of 200 KiB takes about
/// 1 ms.
const CHECKED: u64 = 512 << 10;

/// Returns true if the database is as its last user left it.
fn is_intact(paths: &DbPaths) -> bool {
    !is_left_open(paths) && read(paths).is_some_and(|seal| describe(paths).is_ok_and(|now| now == seal))
}

/// Returns true if the database may be damaged: no process has it open, and it is not as its last
/// user left it.
pub(crate) fn is_doubtful(paths: &DbPaths) -> bool {
    !is_intact(paths) && !is_in_use(paths)
}

/// Returns true if a program of ours once closed a database here.
pub(crate) fn exists(paths: &DbPaths) -> bool {
    read(paths).is_some()
}

/// Returns true if a process has the database open.
pub(crate) fn is_in_use(paths: &DbPaths) -> bool {
    has_locks(&paths.shm) || has_locks(&paths.database)
}

/// Returns true if the database has changed since it was sealed, and is small enough for a check
/// before it is sealed again.
pub(crate) fn needs_check(paths: &DbPaths) -> bool {
    let length = std::fs::metadata(&paths.database).map_or(0, |file| file.len());
    length <= CHECKED && paths.lock.exists() && !is_intact(paths)
}

/// Seals a database whose last connection is closed. If the seal cannot be written, the next
/// opening checks the database.
pub(crate) fn write(paths: &DbPaths) {
    // A snapshot has no lock file, and needs no seal.
    if !paths.lock.exists() || is_left_open(paths) || is_in_use(paths) {
        return;
    }
    let Ok(seal) = describe(paths) else { return };
    if read(paths).as_ref() != Some(&seal) {
        let _ = put(paths, &seal);
    }
}

/// Breaks the seal of a database that turned out to be damaged.
pub(crate) fn break_open(paths: &DbPaths) {
    let _ = put(paths, "");
}

/// Returns true if a log or a journal is left, so that a connection is open or was not closed.
fn is_left_open(paths: &DbPaths) -> bool {
    has_content(&paths.wal) || has_content(&paths.journal)
}

fn read(paths: &DbPaths) -> Option<String> {
    let file = regular_file::open(&paths.lock).ok()?;
    let text = io::read_to_string(io::Read::take(file, 200)).ok()?;
    text.starts_with("sealed ").then_some(text)
}

fn put(paths: &DbPaths, seal: &str) -> io::Result<()> {
    let mut file = create_private(&paths.lock)?;
    file.set_len(0)?;
    file.write_all(seal.as_bytes())
}

fn describe(paths: &DbPaths) -> io::Result<String> {
    let found = std::fs::metadata(&paths.database)?;
    let sum = if found.len() <= SMALL {
        let content = kept_handle::read(&paths.database, 0, usize::try_from(found.len()).unwrap_or(0))?;
        crc32fast::hash(&content)
    } else {
        0
    };
    let time = found.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(format!("sealed {} {} {sum:08x}\n", found.len(), time.as_nanos()))
}

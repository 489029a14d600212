//! The seal: what a database was like when its last connection closed.
//!
//! A database that was closed cleanly and not touched since needs no check. The seal is the content
//! of our lock file: length and time of the database, and for a small one its checksum, which also
//! shows a change that leaves the time as it was.
//!
//! A seal would cover damage that came while the database was open. So a small database is checked
//! before it is sealed: always, or where that would cost each command too much, once a minute. Its
//! seal then says that a check is owed, and the first opening after that minute makes it.

use std::io::{self, Write as _};
use std::time::SystemTime;

use crate::paths::DbPaths;
use crate::system::holders::has_locks;
use crate::system::regular_file::{create_private, has_content};
use crate::system::{kept_handle, regular_file};

/// Largest database whose content is part of its seal, in bytes. Reading it takes about 2 ms.
pub(crate) const SMALL: u64 = 8 << 20;

/// Largest database that is checked each time before it is sealed, in bytes. A check
/// (`quick_check`) takes 5 ms per MiB.
const CHECKED: u64 = 1 << 20;

/// Pause between the checks of a larger one, in milliseconds.
const PAUSE: u64 = 60_000;

/// Last check of a database that is being closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Before this process opened it.
    Earlier,
    /// When this process opened it.
    AtOpening,
    /// Just now.
    AtClosing,
}

/// Content of the lock file.
#[derive(Debug, PartialEq, Eq)]
struct Seal {
    /// Length, time and checksum of the database.
    content: String,
    /// Time of the last check, in milliseconds; 0 if it is not known.
    checked_at: u64,
    /// True if the database has changed since that check.
    owes_check: bool,
}

impl Seal {
    /// Returns true if the last check is long ago, or the clock went back.
    fn is_old(&self) -> bool {
        now().checked_sub(self.checked_at).is_none_or(|since| since >= PAUSE)
    }
}

/// Returns true if the database is as its last user left it.
fn is_unchanged(paths: &DbPaths, seal: &Seal) -> bool {
    !is_left_open(paths) && describe(paths).is_ok_and(|now| now == seal.content)
}

/// Returns true if the database is as its last user left it, and no check is due.
fn is_intact(paths: &DbPaths) -> bool {
    read(paths).is_some_and(|seal| !(seal.owes_check && seal.is_old()) && is_unchanged(paths, &seal))
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

/// Returns true if the database has changed since it was sealed, and must be checked before it is
/// sealed again.
pub(crate) fn needs_check(paths: &DbPaths) -> bool {
    let length = std::fs::metadata(&paths.database).map_or(0, |file| file.len());
    let seal = read(paths);
    let may_wait = length > CHECKED && seal.as_ref().is_some_and(|seal| !seal.is_old());
    length <= SMALL
        && !may_wait
        && paths.lock.exists()
        && !seal.is_some_and(|seal| is_unchanged(paths, &seal))
}

/// Seals a database whose last connection is closed. If the seal cannot be written, the next
/// opening checks the database.
pub(crate) fn write(paths: &DbPaths, check: Check) {
    // A snapshot has no lock file, and needs no seal.
    if !paths.lock.exists() || is_left_open(paths) || is_in_use(paths) {
        return;
    }
    let Ok(content) = describe(paths) else { return };
    let old = read(paths);
    let is_same = old.as_ref().is_some_and(|old| old.content == content);
    // The check at opening was of what the old seal describes.
    let is_checked = check == Check::AtClosing || check == Check::AtOpening && is_same;
    if is_same && !(is_checked && old.as_ref().is_some_and(|old| old.owes_check)) {
        return;
    }
    let checked_at = if is_checked { now() } else { old.map_or(0, |old| old.checked_at) };
    // A large one is never checked.
    let length = std::fs::metadata(&paths.database).map_or(0, |file| file.len());
    let _ = put(paths, &Seal { content, checked_at, owes_check: !is_checked && length <= SMALL });
}

/// Breaks the seal of a database that turned out to be damaged.
pub(crate) fn break_open(paths: &DbPaths) {
    let _ = put_text(paths, "");
}

/// Returns true if a log or a journal is left, so that a connection is open or was not closed.
fn is_left_open(paths: &DbPaths) -> bool {
    has_content(&paths.wal) || has_content(&paths.journal)
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

fn read(paths: &DbPaths) -> Option<Seal> {
    let file = regular_file::open(&paths.lock).ok()?;
    let text = io::read_to_string(io::Read::take(file, 200)).ok()?;
    let (content, check) = text.strip_prefix("sealed ")?.strip_suffix('\n')?.split_once(" checked ")?;
    let (checked_at, owes_check) = match check.strip_suffix(" owed") {
        Some(checked_at) => (checked_at, true),
        None => (check, false),
    };
    Some(Seal { content: content.to_owned(), checked_at: checked_at.parse().ok()?, owes_check })
}

fn put(paths: &DbPaths, Seal { content, checked_at, owes_check }: &Seal) -> io::Result<()> {
    let owed = if *owes_check { " owed" } else { "" };
    put_text(paths, &format!("sealed {content} checked {checked_at}{owed}\n"))
}

fn put_text(paths: &DbPaths, text: &str) -> io::Result<()> {
    let mut file = create_private(&paths.lock)?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())
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
    Ok(format!("{} {} {sum:08x}", found.len(), time.as_nanos()))
}

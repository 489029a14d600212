//! Copies a SQLite database with its logs, in a state that the agent committed.
//!
//! The database is copied first, then its write-ahead log. A check-point may write pages into the
//! database meanwhile. The log still has each of them, until a writer begins it again. Then its
//! header has new random numbers. So a copy is sound if the header is the same before and after.
//! A transaction that was cut in the copy does no harm: its checksum shows it.
//! Without a log, none of the files may change.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use threadkeep_rollout::{Fingerprint, untouched};

use super::log;
use crate::error::StoreError;

/// Copies that are tried while the agent writes.
const TRIES: usize = 10;
/// Bytes of a write-ahead log's header, as <https://www.sqlite.org/fileformat2.html#walformat> says.
const HEADER: usize = 32;
/// Ends of the names of a database, its write-ahead log and its rollback journal.
const ENDS: [&str; 3] = ["", "-wal", "-journal"];

/// Copies a database of at most `limit` bytes, logs included, into a file. What the log has is put
/// into the database.
pub(super) fn copy(from: &Path, to: &mut File, limit: u64) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let before = state(from)?;
        let bytes = before.files.iter().flatten().map(|file| file.len).sum();
        if bytes > limit {
            return Err(StoreError::TooLarge { path: from.to_owned(), bytes, limit });
        }
        let mut log = tempfile::tempfile().map_err(StoreError::io(std::env::temp_dir()))?;
        let mut copied = copy_file(from, to, limit.saturating_add(1))?;
        copied += copy_file(&beside(from, "-wal"), &mut log, limit.saturating_add(1))?;
        if copied > limit {
            return Err(StoreError::TooLarge { path: from.to_owned(), bytes: copied, limit });
        }
        if !state(from)?.allows(&before) {
            continue;
        }
        let journal = untouched::read(&beside(from, "-journal"), MAGIC.len() as u64).unwrap_or_default();
        if journal == MAGIC {
            return Err(StoreError::HalfWritten { path: from.to_owned() });
        }
        return log::apply(&mut log, to).map_err(StoreError::io(std::env::temp_dir()));
    }
    Err(StoreError::Busy { path: from.to_owned() })
}

/// First bytes of a journal that must be rolled back, as
/// <https://www.sqlite.org/fileformat2.html#the_rollback_journal> says.
const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

pub(super) struct State {
    /// Header of the write-ahead log; `None` without a whole one.
    header: Option<[u8; HEADER]>,
    files: [Option<Fingerprint>; 3],
}

pub(super) fn state(path: &Path) -> Result<State, StoreError> {
    let mut files = [None; 3];
    for (end, file) in ENDS.iter().zip(&mut files) {
        let path = beside(path, end);
        *file = match fs::symlink_metadata(&path) {
            Ok(metadata) => Some(Fingerprint::of(&metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !end.is_empty() => None,
            Err(error) => return Err(StoreError::io(path)(error)),
        };
    }
    let mut header = [0; HEADER];
    let read = untouched::open(&beside(path, "-wal")).and_then(|mut log| log.read_exact(&mut header));
    Ok(State { header: read.ok().map(|()| header), files })
}

impl State {
    /// Returns true if what was copied since `before` is sound.
    pub(super) fn allows(&self, before: &Self) -> bool {
        match (before.header, self.header) {
            (Some(before), Some(after)) => before == after,
            (None, None) => self.files == before.files,
            _ => false,
        }
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Replaces a file's content by another one's first bytes; by none if that is gone. Returns their
/// number.
fn copy_file(from: &Path, to: &mut File, limit: u64) -> Result<u64, StoreError> {
    to.set_len(0).and_then(|()| to.rewind()).map_err(StoreError::io(std::env::temp_dir()))?;
    let source = match untouched::open(from) {
        Ok(source) => source,
        // The states before and after show it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(StoreError::io(from)(error)),
    };
    io::copy(&mut source.take(limit), to).map_err(StoreError::io(from))
}

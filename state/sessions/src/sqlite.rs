//! A private copy of an agent's SQLite database, with its write-ahead log.
//!
//! Even a reader changes files beside a database in WAL mode (`-shm`), and the last one to close
//! it may check-point and remove the log. So the agent's files are only copied.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use threadkeep_rollout::{Fingerprint, untouched};

use crate::error::StoreError;

/// The most that is copied, database and log together: 4 GiB.
const MAX_COPY: u64 = 4 << 30;
/// Copies that are tried while the agent writes.
const TRIES: usize = 5;

/// A database, read from a copy.
#[derive(Debug)]
pub(crate) struct Copied {
    connection: Connection,
    /// Removed with the copy in it.
    _folder: TempDir,
}

impl Copied {
    /// Copies a database and opens the copy.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let folder = tempfile::Builder::new().prefix("threadkeep-").tempdir();
        let folder = folder.map_err(StoreError::io(std::env::temp_dir()))?;
        let copy = folder.path().join("copy.db");
        for _ in 0..TRIES {
            let before = state(path)?;
            let bytes = before.iter().flatten().map(|file| file.len).sum();
            if bytes > MAX_COPY {
                return Err(StoreError::TooLarge { path: path.to_owned(), bytes, limit: MAX_COPY });
            }
            copy_file(path, &copy)?;
            if before[1].is_some() {
                copy_file(&log_of(path), &log_of(&copy))?;
            }
            if state(path)? == before {
                let connection =
                    Connection::open(&copy).map_err(|error| StoreError::malformed(path, error))?;
                return Ok(Self { connection, _folder: folder });
            }
            // Of a log that is gone now nothing may stay.
            let _ = fs::remove_file(log_of(&copy));
        }
        Err(StoreError::Busy { path: path.to_owned() })
    }

    /// Returns the connection to the copy.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Returns true if the copy has such a table.
    pub(crate) fn has_table(&self, name: &str) -> bool {
        let found = self.connection.query_row(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1",
            [name],
            |_| Ok(()),
        );
        found.is_ok()
    }
}

/// Returns the states of the database and of its log.
fn state(path: &Path) -> Result<[Option<Fingerprint>; 2], StoreError> {
    let of = |path: &Path| match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(Fingerprint::of(&metadata))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(path)(error)),
    };
    Ok([of(path)?, of(&log_of(path))?])
}

fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

fn copy_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    let mut source = untouched::open(from).map_err(StoreError::io(from))?;
    let mut target = File::create(to).map_err(StoreError::io(to))?;
    io::copy(&mut source, &mut target).map_err(StoreError::io(from))?;
    Ok(())
}

//! A private copy of an agent's SQLite database.
//!
//! Even a reader changes files next to a database in WAL mode (`-shm`), and the last to close it
//! may check-point and remove the log. So the agent's files are only copied.

mod copy;
mod row;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{CachedStatement, Connection, OpenFlags, config::DbConfig};
use tempfile::TempDir;

use crate::error::StoreError;

pub(crate) use row::{integer, text};

/// The most that is copied, database and log together: 4 GiB.
const MAX_COPY: u64 = 4 << 30;

/// A database, read from a copy.
#[derive(Debug)]
pub(crate) struct Copied {
    path: PathBuf,
    connection: Connection,
    /// Folder of the copy; `None` once it is removed.
    _folder: Option<TempDir>,
}

impl Copied {
    /// Copies a database and opens the copy.
    ///
    /// # Errors
    ///
    /// `Malformed` if it is no database, `TooLarge` above 4 GiB, `Busy` if it changed during each
    /// of several copies, `Io` if it cannot be copied.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_within(path, MAX_COPY)
    }

    fn open_within(path: &Path, limit: u64) -> Result<Self, StoreError> {
        let folder = private_folder().map_err(StoreError::io(std::env::temp_dir()))?;
        let copy = folder.path().join("copy.db");
        copy::copy(path, &copy, limit)?;
        let connection = connect(&copy).map_err(|error| StoreError::malformed(path, error))?;
        // The copy may hold the agent's credentials. While it is open it needs no name, and
        // without one it does not survive a process that is killed.
        let folder = if cfg!(unix) { folder.close().err().and(None) } else { Some(folder) };
        Ok(Self { path: path.to_owned(), connection, _folder: folder })
    }

    /// Returns the path of the agent's database.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns a list of columns for a SELECT, with NULL where the table lacks a column;
    /// `None` if there is no such table.
    pub(crate) fn columns(&self, table: &str, wanted: &[&str]) -> Result<Option<String>, StoreError> {
        let mut statement = self.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let names = statement.query_map([table], |row| row.get(0)).and_then(Iterator::collect);
        let names: Vec<String> = names.map_err(self.failed())?;
        let list = |name: &&str| {
            let is_there = names.iter().any(|known| known == name);
            if is_there { format!("{table}.{name}") } else { "NULL".to_owned() }
        };
        Ok((!names.is_empty()).then(|| wanted.iter().map(list).collect::<Vec<_>>().join(", ")))
    }

    /// Prepares a statement, once.
    pub(crate) fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        self.connection.prepare_cached(sql).map_err(self.failed())
    }

    /// Calls `take` with each row.
    pub(crate) fn each(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        mut take: impl FnMut(&rusqlite::Row<'_>),
    ) -> Result<(), StoreError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(parameters).map_err(self.failed())?;
        while let Some(row) = rows.next().map_err(self.failed())? {
            take(row);
        }
        Ok(())
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> StoreError {
        |error| StoreError::malformed(&self.path, error)
    }
}

/// Makes a folder that only this user can read, also while the copy is made.
fn private_folder() -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.prefix("threadkeep-").tempdir()
}

/// Opens a copy, and reads its log.
fn connect(copy: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(copy, flags)?;
    // Putting the log into the copy would be work for nothing.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Alone, SQLite keeps the index of the log in memory.
    connection.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -65536; \
         SELECT count(*) FROM sqlite_schema",
    )?;
    Ok(connection)
}

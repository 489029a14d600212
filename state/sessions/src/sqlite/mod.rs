//! A private copy of an agent's SQLite database.
//!
//! A reader of a database in WAL mode changes the file `-shm` next to it. The last program that
//! closes the database may check-point and remove the log. So the agent's files are only copied.

mod copy;
mod excerpt;
mod log;
mod row;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::error::StoreError;

pub(crate) use excerpt::{Clean, Rows};
pub(crate) use row::{integer, text};

/// Most bytes that are copied, of database and log together: 4 GiB.
const MAX_COPY: u64 = 4 << 30;

/// A database, read from a copy.
#[derive(Debug)]
pub(crate) struct Copied {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// Folder of the copy, where a file that is open keeps its name.
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
        let failed = |error| StoreError::malformed(path, error);
        let (mut file, connection, folder) =
            unnamed().map_err(StoreError::io(std::env::temp_dir()))?.map_err(failed)?;
        copy::copy(path, &mut file, limit)?;
        prepare(&connection).map_err(failed)?;
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection), _folder: folder })
    }

    /// Returns the path of the agent's database.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns a list of columns for a SELECT, with NULL where the table lacks a column;
    /// `None` if there is no such table.
    pub(crate) fn columns(&self, table: &str, wanted: &[&str]) -> Result<Option<String>, StoreError> {
        let mut names = Vec::<String>::new();
        self.each("SELECT name FROM pragma_table_info(?1)", [table], |row| names.extend(row.get(0)))?;
        let list = |name: &&str| {
            let is_there = names.iter().any(|known| known == name);
            if is_there { format!("{table}.{name}") } else { "NULL".to_owned() }
        };
        Ok((!names.is_empty()).then(|| wanted.iter().map(list).collect::<Vec<_>>().join(", ")))
    }

    /// Calls `take` with each row. `take` can ask for no other rows.
    pub(crate) fn each(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        mut take: impl FnMut(&rusqlite::Row<'_>),
    ) -> Result<(), StoreError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = connection.prepare_cached(sql).map_err(self.failed())?;
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

/// File for a copy, the connection that reads it, and the folder where it has a name.
type Opened = (File, Connection, Option<TempDir>);

/// Opens an empty file. The copy may hold the agent's credentials: on Unix the file loses its name
/// before it is filled, so that no kill leaves anything. SQLite opens a file only by its name.
fn unnamed() -> io::Result<rusqlite::Result<Opened>> {
    let folder = private_folder()?;
    let path = folder.path().join("copy.db");
    let file = File::options().create_new(true).read(true).write(true).open(&path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags);
    let folder = if cfg!(unix) {
        folder.close()?;
        None
    } else {
        Some(folder)
    };
    Ok(connection.map(|connection| (file, connection, folder)))
}

/// Prepares a connection to a copy that is complete.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -65536; \
         SELECT count(*) FROM sqlite_schema",
    )
}

//! The one entry point: opens every database once and hands out the stores over them.

use std::path::{Path, PathBuf};

use threadkeep_sqlite::{Database, OpenOptions};

use crate::database::STATE_DB;
use crate::error::StateError;
use crate::threads::ThreadStore;

/// How to open a [`StateRuntime`].
#[derive(Clone, Debug)]
pub struct StateOptions {
    sqlite_home: PathBuf,
    open: OpenOptions,
}

impl StateOptions {
    /// Opens the databases in `sqlite_home`, which has to exist, with the defaults of [`OpenOptions`].
    pub fn new(sqlite_home: impl Into<PathBuf>) -> StateOptions {
        StateOptions { sqlite_home: sqlite_home.into(), open: OpenOptions::new() }
    }

    /// Says how the databases are opened: journal mode, readers, time limits, read-only.
    #[must_use]
    pub fn open_options(mut self, open: OpenOptions) -> StateOptions {
        self.open = open;
        self
    }
}

/// The open state of one SQLite home. Cheap to clone; all clones share the same connections, and are closed together.
#[derive(Clone, Debug)]
pub struct StateRuntime {
    sqlite_home: PathBuf,
    db: Database,
    threads: ThreadStore,
}

impl StateRuntime {
    /// Opens the databases, makes those that are not there, and brings their schemas up to date.
    ///
    /// # Errors
    ///
    /// [`StateError::Open`]: a file of another program, a newer or a damaged one, a folder that cannot be written to.
    pub async fn open(options: &StateOptions) -> Result<StateRuntime, StateError> {
        let db = Database::open(&STATE_DB, &options.sqlite_home, &options.open).await?;
        Ok(StateRuntime {
            sqlite_home: options.sqlite_home.clone(),
            threads: ThreadStore::new(db.clone()),
            db,
        })
    }

    /// The threads.
    pub fn threads(&self) -> &ThreadStore {
        &self.threads
    }

    /// The folder that the databases are in.
    pub fn sqlite_home(&self) -> &Path {
        &self.sqlite_home
    }

    /// Where the backfill stands, and what became of each file.
    #[cfg(feature = "backfill")]
    pub fn backfill_progress(&self) -> crate::backfill::BackfillProgress {
        crate::backfill::BackfillProgress::new(self.db.clone(), crate::backfill::IndexOptions::default())
    }

    /// Writes what waits to be written and closes the databases, for every clone of this runtime and of its stores.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the databases are closed all the same.
    pub async fn close(self) -> Result<(), StateError> {
        let flushed = self.threads.flush_touches().await;
        let closed = self.db.close().await;
        flushed.and(closed.map_err(StateError::from))
    }

    pub(crate) fn database(&self) -> &Database {
        &self.db
    }
}

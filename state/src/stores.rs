//! The databases of a SQLite home: the index, goals, logs and history, each opened at its first
//! use.

use std::path::PathBuf;
use std::time::Duration;

use threadkeep_sqlite::{DbKind, DbSpec, LazyDatabase, OpenOptions, TextForm, migrations};

use crate::decisions::DECISIONS;
use crate::error::StateError;
use crate::threads::TOUCH_INTERVAL;

/// Database of the index.
pub static STATE_DB: DbSpec = DbSpec::new(
    "state",
    "state_5.sqlite",
    DbKind::Rebuildable,
    // Threadkeep, state.
    u32::from_be_bytes(*b"TKst"),
    &migrations![
        "0001_state",
        "0002_homes",
        "0003_decisions",
        "0004_memories",
        "0005_device_keys",
        "0006_origins"
    ],
)
.with_decisions(DECISIONS)
.with_forms(&[TextForm::uuid("tombstones", "thread_id")]);

/// Every database of a SQLite home, the index first.
pub static DATABASES: &[&DbSpec] = &[
    &STATE_DB,
    #[cfg(feature = "goals")]
    &threadkeep_state_goals::GOALS_DB,
    #[cfg(feature = "logs")]
    &threadkeep_state_logs::LOGS_DB,
    #[cfg(feature = "history")]
    &threadkeep_history::HISTORY_DB,
];

/// Options for opening a [`StateRuntime`](crate::StateRuntime).
#[derive(Clone, Debug)]
pub struct StateOptions {
    sqlite_home: PathBuf,
    open: OpenOptions,
    touch_interval: Duration,
}

impl StateOptions {
    /// Opens the databases in the folder `sqlite_home`, which must exist, with the defaults of
    /// [`OpenOptions`].
    pub fn new(sqlite_home: impl Into<PathBuf>) -> StateOptions {
        let (sqlite_home, open) = (sqlite_home.into(), OpenOptions::new());
        StateOptions { sqlite_home, open, touch_interval: TOUCH_INTERVAL }
    }

    /// Sets time limits, journal mode and read-only for every database.
    #[must_use]
    pub fn open_options(mut self, open: OpenOptions) -> StateOptions {
        self.open = open;
        self
    }

    /// Sets how long a change that comes with every line of a live session may wait to be written.
    /// Default: [`TOUCH_INTERVAL`], a minute.
    #[must_use]
    pub fn touch_interval(mut self, interval: Duration) -> StateOptions {
        self.touch_interval = interval;
        self
    }
}

/// The databases of one SQLite home, each opened at its first use. Cheap to clone; all clones share
/// the connections.
///
/// A program that does not need the index uses goals and logs through it, so that a damaged index
/// does not stop them.
#[derive(Clone, Debug)]
pub struct Stores {
    pub(crate) sqlite_home: PathBuf,
    pub(crate) touch_interval: Duration,
    index: LazyDatabase,
    #[cfg(feature = "goals")]
    goals: threadkeep_state_goals::GoalStore,
    #[cfg(feature = "logs")]
    logs: threadkeep_state_logs::LogStore,
    #[cfg(feature = "history")]
    history: threadkeep_history::HistoryStore,
}

impl Stores {
    /// Describes the databases. Opens nothing.
    pub fn new(options: &StateOptions) -> Stores {
        let StateOptions { sqlite_home, open, touch_interval } = options;
        Stores {
            sqlite_home: sqlite_home.clone(),
            touch_interval: *touch_interval,
            index: LazyDatabase::new(&STATE_DB, sqlite_home, open),
            #[cfg(feature = "goals")]
            goals: threadkeep_state_goals::GoalStore::new(sqlite_home, open),
            #[cfg(feature = "logs")]
            logs: threadkeep_state_logs::LogStore::new(sqlite_home, open),
            #[cfg(feature = "history")]
            history: threadkeep_history::HistoryStore::new(sqlite_home, open),
        }
    }

    /// Returns the store of goals, in a database of their own.
    #[cfg(feature = "goals")]
    pub fn thread_goals(&self) -> &threadkeep_state_goals::GoalStore {
        &self.goals
    }

    /// Returns the store of logs, in a database of their own.
    #[cfg(feature = "logs")]
    pub fn logs(&self) -> &threadkeep_state_logs::LogStore {
        &self.logs
    }

    /// Returns the history: search, turns and usage, in a database of its own.
    #[cfg(feature = "history")]
    pub fn history(&self) -> &threadkeep_history::HistoryStore {
        &self.history
    }

    /// Closes the databases, for every clone of these stores.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the other databases are closed all the same.
    pub async fn close(&self) -> Result<(), StateError> {
        let mut result = Ok(());
        for database in self.databases() {
            result = result.and(database.close().await.map_err(StateError::from));
        }
        result
    }

    /// Returns the databases in the order of [`DATABASES`].
    pub(crate) fn databases(&self) -> Vec<&LazyDatabase> {
        let databases = [
            &self.index,
            #[cfg(feature = "goals")]
            self.goals.database(),
            #[cfg(feature = "logs")]
            self.logs.database(),
            #[cfg(feature = "history")]
            self.history.database(),
        ];
        databases.into()
    }

    pub(crate) fn index(&self) -> &LazyDatabase {
        &self.index
    }
}

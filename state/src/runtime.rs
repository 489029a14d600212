//! The entry point: describes the databases of a SQLite home, opens the index and hands out every store.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use threadkeep_rollout::AgentHome;
use threadkeep_sqlite::{Database, DbTelemetry, JournalChoice, LazyDatabase, OpenOptions, install_telemetry};

use crate::database::STATE_DB;
use crate::error::StateError;
use crate::graph::AgentGraph;
use crate::memories::ThreadMemories;
use crate::threads::{TOUCH_INTERVAL, ThreadStore};

/// The folder in an agent home that the databases are in, unless another place is chosen.
const SQLITE_HOME: &str = "threadkeep";

/// Options for opening a [`StateRuntime`].
#[derive(Clone)]
pub struct StateOptions {
    sqlite_home: PathBuf,
    open: OpenOptions,
    journal: Option<JournalChoice>,
    readers: Option<u32>,
    touch_interval: Duration,
    telemetry: Option<Arc<dyn DbTelemetry>>,
}

impl StateOptions {
    /// Opens the databases in the folder `sqlite_home`, which must exist, with the defaults of [`OpenOptions`].
    pub fn new(sqlite_home: impl Into<PathBuf>) -> StateOptions {
        StateOptions {
            sqlite_home: sqlite_home.into(),
            open: OpenOptions::new(),
            journal: None,
            readers: None,
            touch_interval: TOUCH_INTERVAL,
            telemetry: None,
        }
    }

    /// Opens the databases in the folder `threadkeep` of an agent home. The folder must exist.
    pub fn of_home(home: &AgentHome) -> StateOptions {
        StateOptions::new(home.absolute(SQLITE_HOME))
    }

    /// Sets time limits, read-only and the like. [`journal`](Self::journal) and [`readers`](Self::readers) win over it, in any
    /// order of calls.
    #[must_use]
    pub fn open_options(mut self, open: OpenOptions) -> StateOptions {
        self.open = open;
        self
    }

    /// Chooses the journal mode of every database. Default: by the file system.
    #[must_use]
    pub fn journal(mut self, journal: JournalChoice) -> StateOptions {
        self.journal = Some(journal);
        self
    }

    /// Bounds the reader connections of each database. Default: 4.
    #[must_use]
    pub fn readers(mut self, readers: u32) -> StateOptions {
        self.readers = Some(readers);
        self
    }

    /// Sets how long a change that comes with every line of a live session may wait to be written. Default: a minute,
    /// [`TOUCH_INTERVAL`].
    #[must_use]
    pub fn touch_interval(mut self, interval: Duration) -> StateOptions {
        self.touch_interval = interval;
        self
    }

    /// Installs the process's telemetry sink before anything is opened. Default: none. A process has one sink: the first
    /// that is installed.
    #[must_use]
    pub fn telemetry(mut self, sink: Arc<dyn DbTelemetry>) -> StateOptions {
        self.telemetry = Some(sink);
        self
    }

    /// Returns the options with which every database is opened.
    fn effective(&self) -> OpenOptions {
        let open = self.open.clone();
        let open = self.journal.map_or(open.clone(), |journal| open.journal(journal));
        self.readers.map_or(open.clone(), |readers| open.readers(readers))
    }
}

impl fmt::Debug for StateOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateOptions")
            .field("sqlite_home", &self.sqlite_home)
            .field("open", &self.effective())
            .finish_non_exhaustive()
    }
}

/// The databases of one SQLite home, each opened at its first use. Cheap to clone; all clones share the connections.
///
/// Goals and logs are used through it where the index is not needed, so that a damaged index does not stop them.
#[derive(Clone, Debug)]
pub struct Stores {
    sqlite_home: PathBuf,
    touch_interval: Duration,
    index: LazyDatabase,
    #[cfg(feature = "goals")]
    goals: threadkeep_state_goals::GoalStore,
    #[cfg(feature = "logs")]
    logs: threadkeep_state_logs::LogStore,
}

impl Stores {
    /// Describes the databases, and installs the telemetry sink of the options. Opens nothing.
    pub fn new(options: &StateOptions) -> Stores {
        let StateOptions { sqlite_home, touch_interval, telemetry, .. } = options;
        let open = &options.effective();
        if let Some(sink) = telemetry {
            // The first sink of a process stays.
            let _ = install_telemetry(Arc::clone(sink));
        }
        Stores {
            sqlite_home: sqlite_home.clone(),
            touch_interval: *touch_interval,
            index: LazyDatabase::new(&STATE_DB, sqlite_home, open),
            #[cfg(feature = "goals")]
            goals: threadkeep_state_goals::GoalStore::new(sqlite_home, open),
            #[cfg(feature = "logs")]
            logs: threadkeep_state_logs::LogStore::new(sqlite_home, open),
        }
    }

    /// Opens the index, creates it if it does not exist, brings its schema up to date, and finishes
    /// interrupted deletions.
    ///
    /// # Errors
    ///
    /// [`StateError::Open`]: a file of another program, a newer or a damaged database, a folder that
    /// is not writable.
    pub async fn open_index(self) -> Result<StateRuntime, StateError> {
        let db = self.index.get().await?;
        let state = StateRuntime {
            threads: ThreadStore::new(db.clone(), self.touch_interval),
            graph: AgentGraph::new(db.clone()),
            memories: ThreadMemories::new(db.clone()),
            stores: self,
            db,
        };
        if !state.db.is_read_only() {
            state.catch_up_with_deletions().await;
        }
        Ok(state)
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

    pub(crate) fn index(&self) -> &LazyDatabase {
        &self.index
    }
}

/// The open state of one SQLite home. Cheap to clone; all clones share the same connections, and are
/// closed together.
///
/// The index is open as long as the runtime is. Goals and logs are opened at their first use. If that
/// fails, everything else still works.
#[derive(Clone, Debug)]
pub struct StateRuntime {
    stores: Stores,
    db: Database,
    threads: ThreadStore,
    graph: AgentGraph,
    memories: ThreadMemories,
}

impl StateRuntime {
    /// Opens the index and what belongs to it: [`Stores::new`] and [`Stores::open_index`].
    ///
    /// # Errors
    ///
    /// As [`Stores::open_index`].
    pub async fn open(options: &StateOptions) -> Result<StateRuntime, StateError> {
        Stores::new(options).open_index().await
    }

    /// Returns the store of threads.
    pub fn threads(&self) -> &ThreadStore {
        &self.threads
    }

    /// Returns the agent graph: which thread spawned which, and which threads are open.
    pub fn graph(&self) -> &AgentGraph {
        &self.graph
    }

    /// Returns the memories of threads.
    pub fn thread_memories(&self) -> &ThreadMemories {
        &self.memories
    }

    /// Returns the store of goals, in a database of their own.
    #[cfg(feature = "goals")]
    pub fn thread_goals(&self) -> &threadkeep_state_goals::GoalStore {
        self.stores.thread_goals()
    }

    /// Returns the store of logs, in a database of their own.
    #[cfg(feature = "logs")]
    pub fn logs(&self) -> &threadkeep_state_logs::LogStore {
        self.stores.logs()
    }

    /// Returns the folder of the databases.
    pub fn sqlite_home(&self) -> &Path {
        &self.stores.sqlite_home
    }

    /// Returns the progress of the backfill, and the outcome of each file.
    #[cfg(feature = "backfill")]
    pub fn backfill_progress(&self) -> crate::backfill::BackfillProgress {
        crate::backfill::BackfillProgress::new(self.db.clone(), crate::backfill::IndexOptions::default())
    }

    /// Writes waiting touches and closes the databases, for every clone of this runtime and of its stores.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the databases are closed all the same.
    pub async fn close(self) -> Result<(), StateError> {
        let mut result = self.threads.flush_touches().await;
        for database in crate::DATABASES {
            let closed = (database.of)(&self.stores).close().await;
            result = result.and(closed.map_err(StateError::from));
        }
        result
    }

    pub(crate) fn database(&self) -> &Database {
        &self.db
    }

    pub(crate) fn stores(&self) -> &Stores {
        &self.stores
    }
}

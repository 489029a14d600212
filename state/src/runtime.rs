//! The one entry point: opens the index, and hands out every store, each with one database that it opens when it is needed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use threadkeep_rollout::AgentHome;
use threadkeep_sqlite::{Database, DbTelemetry, JournalChoice, LazyDatabase, OpenOptions, install_telemetry};

use crate::cleanup::AT_ONCE;
use crate::database::STATE_DB;
use crate::error::StateError;
use crate::graph::AgentGraph;
use crate::memory::ThreadMemories;
use crate::threads::{TOUCH_INTERVAL, ThreadStore};
use crate::tombstone;

/// The folder in an agent home that the databases are in, unless another place is chosen.
const SQLITE_HOME: &str = "threadkeep";

/// How to open a [`StateRuntime`].
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
    /// Opens the databases in `sqlite_home`, which has to exist, with the defaults of [`OpenOptions`].
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

    /// Opens the databases in the folder `threadkeep` of an agent home. The folder has to exist.
    pub fn of_home(home: &AgentHome) -> StateOptions {
        StateOptions::new(home.absolute(SQLITE_HOME))
    }

    /// Says how the databases are opened: time limits, read-only, and what [`journal`](Self::journal) and
    /// [`readers`](Self::readers) do not say, in whatever order they are called.
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

    /// Says how long what changes with every line of a live session may wait to be written. Default: a minute,
    /// [`TOUCH_INTERVAL`].
    #[must_use]
    pub fn touch_interval(mut self, interval: Duration) -> StateOptions {
        self.touch_interval = interval;
        self
    }

    /// Installs the process's telemetry sink before anything is opened. Default: none. A process has one sink, and the first
    /// one stays.
    #[must_use]
    pub fn telemetry(mut self, sink: Arc<dyn DbTelemetry>) -> StateOptions {
        self.telemetry = Some(sink);
        self
    }
}

impl StateOptions {
    /// How the databases are opened, all in all.
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

/// The open state of one SQLite home. Cheap to clone; all clones share the same connections, and are closed together.
///
/// The index is open as long as the runtime is. Goals and logs are opened when they are first used, and what keeps them from
/// being opened keeps nothing else from working.
#[derive(Clone, Debug)]
pub struct StateRuntime {
    sqlite_home: PathBuf,
    open: OpenOptions,
    index: LazyDatabase,
    db: Database,
    threads: ThreadStore,
    graph: AgentGraph,
    memories: ThreadMemories,
    #[cfg(feature = "goals")]
    goals: threadkeep_state_goals::GoalStore,
    #[cfg(feature = "logs")]
    logs: threadkeep_state_logs::LogStore,
}

impl StateRuntime {
    /// Opens the index, makes it if it is not there, brings its schema up to date, and finishes what a deletion that was
    /// interrupted has left to do.
    ///
    /// # Errors
    ///
    /// [`StateError::Open`]: a file of another program, a newer or a damaged one, a folder that cannot be written to.
    pub async fn open(options: &StateOptions) -> Result<StateRuntime, StateError> {
        let StateOptions { sqlite_home, touch_interval, telemetry, .. } = options;
        let open = &options.effective();
        if let Some(sink) = telemetry {
            // The first one stays: two runtimes of one process are one process.
            let _ = install_telemetry(Arc::clone(sink));
        }
        let index = LazyDatabase::new(&STATE_DB, sqlite_home, open);
        let db = index.get().await?;
        let state = StateRuntime {
            sqlite_home: sqlite_home.clone(),
            open: open.clone(),
            threads: ThreadStore::new(db.clone(), *touch_interval),
            graph: AgentGraph::new(db.clone()),
            memories: ThreadMemories::new(db.clone()),
            #[cfg(feature = "goals")]
            goals: threadkeep_state_goals::GoalStore::new(sqlite_home, open),
            #[cfg(feature = "logs")]
            logs: threadkeep_state_logs::LogStore::new(sqlite_home, open),
            index,
            db,
        };
        if !state.db.is_read_only() {
            // An index run asks the tombstones alone: without them it would bring back what was deleted.
            tombstone::convert(&state.db).await?;
            // What cannot be done yet stays noted, and is no reason not to open.
            let _ = state.adopt_tombstones().await;
            let _ = state.finish_cleanups_within(AT_ONCE).await;
        }
        Ok(state)
    }

    /// The threads.
    pub fn threads(&self) -> &ThreadStore {
        &self.threads
    }

    /// The agent graph: who spawned whom, and who is open.
    pub fn graph(&self) -> &AgentGraph {
        &self.graph
    }

    /// What is remembered of threads.
    pub fn thread_memories(&self) -> &ThreadMemories {
        &self.memories
    }

    /// The goals of threads, in a database of their own.
    #[cfg(feature = "goals")]
    pub fn thread_goals(&self) -> &threadkeep_state_goals::GoalStore {
        &self.goals
    }

    /// The logs, in a database of their own.
    #[cfg(feature = "logs")]
    pub fn logs(&self) -> &threadkeep_state_logs::LogStore {
        &self.logs
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
        let mut result = self.threads.flush_touches().await;
        for database in crate::DATABASES {
            let closed = (database.of)(&self).close().await;
            result = result.and(closed.map_err(StateError::from));
        }
        result
    }

    pub(crate) fn open_options(&self) -> &OpenOptions {
        &self.open
    }

    pub(crate) fn database(&self) -> &Database {
        &self.db
    }

    pub(crate) fn lazy_index(&self) -> &LazyDatabase {
        &self.index
    }
}

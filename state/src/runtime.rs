//! The entry point: opens the index of a SQLite home and hands out every store.

use std::path::Path;
use std::time::Duration;

use threadkeep_sqlite::Database;

use crate::error::StateError;
use crate::graph::AgentGraph;
use crate::stores::{StateOptions, Stores};
use crate::threads::ThreadStore;

impl Stores {
    /// Opens the index, creates it if it does not exist, upgrades its schema, and finishes
    /// interrupted deletions.
    ///
    /// # Errors
    ///
    /// [`StateError::Open`]: a file of another program, a newer or a damaged database, a folder
    /// that is not writable.
    pub async fn open_index(self) -> Result<StateRuntime, StateError> {
        let db = self.index().get().await?;
        let state = StateRuntime {
            threads: ThreadStore::new(db.clone(), self.touch_interval),
            graph: AgentGraph::new(db.clone()),
            stores: self,
            db,
        };
        if !state.db.is_read_only() {
            state.catch_up_with_deletions().await;
        }
        Ok(state)
    }
}

/// The open state of one SQLite home. Cheap to clone; all clones share the same connections, and
/// are closed together.
///
/// The index is open as long as the runtime is. Goals and logs are opened at their first use. If
/// that fails, everything else still works.
#[derive(Clone, Debug)]
pub struct StateRuntime {
    stores: Stores,
    db: Database,
    threads: ThreadStore,
    graph: AgentGraph,
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

    /// Returns the history: search, turns and usage, in a database of its own.
    #[cfg(feature = "history")]
    pub fn history(&self) -> &threadkeep_history::HistoryStore {
        self.stores.history()
    }

    /// Returns the folder of the databases.
    pub fn sqlite_home(&self) -> &Path {
        &self.stores.sqlite_home
    }

    /// Returns the same index, which waits at most `patience` for other processes when it writes.
    #[must_use]
    pub fn within(&self, patience: Duration) -> StateRuntime {
        StateRuntime { db: self.db.within(patience), ..self.clone() }
    }

    /// Writes waiting touches and closes the databases, for every clone of this runtime and of its
    /// stores.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the databases are closed all the same.
    pub async fn close(self) -> Result<(), StateError> {
        let flushed = self.threads.flush_touches().await;
        let closed = self.stores.close().await;
        flushed.and(closed)
    }

    pub(crate) fn database(&self) -> &Database {
        &self.db
    }

    /// Returns the databases of the SQLite home.
    pub fn stores(&self) -> &Stores {
        &self.stores
    }
}

//! The store of the history in `history_1.sqlite`.

use std::path::Path;
use std::time::Duration;

use threadkeep_sqlite::{DbKind, DbSpec, DeletedThreads, LazyDatabase, OpenOptions, TextForm, migrations};

use crate::erase::{TOMBSTONES, erase};
use crate::error::HistoryError;

/// Description of the history's database.
pub static HISTORY_DB: DbSpec = DbSpec::new(
    "history",
    "history_1.sqlite",
    DbKind::Rebuildable,
    // Threadkeep, history.
    u32::from_be_bytes(*b"TKhi"),
    &migrations!["0001_history", "0002_other_usage"],
)
.with_forms(&[TextForm::uuid("history_tombstones", "thread_id")]);

/// The history of a home's threads. Cheap to clone; all clones share one database, which is opened
/// at the first use.
///
/// Without a file there is no history: an engine's ports create it, and so does
/// [`DeletedThreads::erase`].
#[derive(Clone, Debug)]
pub struct HistoryStore {
    pub(crate) database: LazyDatabase,
}

impl HistoryStore {
    /// Describes the history in `folder`, the SQLite home. Opens and creates nothing.
    #[must_use]
    pub fn new(folder: &Path, open: &OpenOptions) -> HistoryStore {
        HistoryStore { database: LazyDatabase::new(&HISTORY_DB, folder, open) }
    }

    /// Returns the same history, which waits at most `patience` for other processes, when it opens
    /// and when it writes.
    #[must_use]
    pub fn within(&self, patience: Duration) -> HistoryStore {
        HistoryStore { database: self.database.within(patience) }
    }

    /// Returns the database.
    #[must_use]
    pub fn database(&self) -> &LazyDatabase {
        &self.database
    }

    /// Returns the ports of `threadkeep-backfill` for the rollouts of a home. Creates the database.
    ///
    /// A new database knows no deleted thread. A program with an index of threads gets the ports
    /// from there.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Open`].
    #[cfg(feature = "backfill")]
    pub async fn ports(
        &self,
        home: &threadkeep_rollout::AgentHome,
    ) -> Result<crate::HistoryPorts, HistoryError> {
        Ok(crate::HistoryPorts::new(self.database.get().await?, home))
    }

    /// Returns the deleted threads. [`erase`](DeletedThreads::erase) erases a thread's turns, words
    /// and usage. Nothing of the thread comes in until it is [restored](DeletedThreads::restore);
    /// then the next pass reads its files again.
    #[must_use]
    pub fn deleted_threads(&self) -> DeletedThreads {
        DeletedThreads::new(self.database.clone(), TOMBSTONES, erase)
    }

    /// Closes the database for all clones.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Database`]: the log could not be written back. Nothing is lost.
    pub async fn close(&self) -> Result<(), HistoryError> {
        Ok(self.database.close().await?)
    }
}

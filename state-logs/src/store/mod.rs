//! The store: the rows in `logs_2.sqlite`, and what can be done with them.

mod append;
mod delete;
mod evict;
mod inventory;
mod partition;
mod place;
mod query;
mod row;
mod statements;
mod written;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use threadkeep_sqlite::{LazyDatabase, OpenOptions};

pub use append::NewRow;
pub use inventory::LogInventory;
pub use query::{DEFAULT_LIMIT, LevelMatch, LogQuery, MAX_LIMIT, Order};
pub use row::{LogRow, LogSpan};
#[doc(hidden)]
pub use statements::statements;

use crate::database::LOGS_DB;
use crate::error::LogError;
use crate::writer::Queue;
use written::Written;

/// The logs of one folder. Cheap to clone; all clones share one database, which is opened when it is first needed.
#[derive(Clone, Debug)]
pub struct LogStore {
    database: LazyDatabase,
    written: Arc<Written>,
    /// The queues of this process that feed the store.
    queues: Arc<Mutex<Vec<Weak<Queue>>>>,
}

impl LogStore {
    /// Describes the logs in `folder`. Touches nothing: only reading opens a database that is there, and only writing makes
    /// one that is not.
    #[must_use]
    pub fn new(folder: &Path, open: &OpenOptions) -> LogStore {
        let database = LazyDatabase::new(&LOGS_DB, folder, open);
        LogStore { database, written: Arc::default(), queues: Arc::default() }
    }

    /// Returns the database.
    #[must_use]
    pub fn database(&self) -> &LazyDatabase {
        &self.database
    }

    /// Closes the database, for every clone. Writers should be closed before: they would open it again.
    ///
    /// # Errors
    ///
    /// [`LogError::Database`]; it is closed all the same.
    pub async fn close(&self) -> Result<(), LogError> {
        Ok(self.database.close().await?)
    }

    pub(crate) fn add_writer(&self, queue: &Arc<Queue>) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.retain(|queue| queue.strong_count() > 0);
        queues.push(Arc::downgrade(queue));
    }

    /// Lets this process's writers write what they have.
    async fn flush_writers(&self) {
        let queues: Vec<_> = self
            .queues
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for queue in queues {
            // What cannot be written is told to those who ask the writer.
            let _ = queue.flush().await;
        }
    }
}

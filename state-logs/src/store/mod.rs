//! The store: the rows in `logs_2.sqlite`, and what can be done with them.

mod append;
mod evict;
mod expire;
mod forget;
mod inventory;
mod partition;
mod place;
mod query;
mod row;
mod statements;
mod written;

use std::path::Path;
use std::sync::Arc;

use threadkeep_sqlite::{LazyDatabase, OpenOptions};

pub use append::NewRow;
pub use inventory::LogInventory;
pub use query::{DEFAULT_LIMIT, LevelMatch, LogQuery, MAX_LIMIT, Order};
pub use row::{LogRow, LogSpan};
#[doc(hidden)]
pub use statements::statements;

use crate::database::LOGS_DB;
use crate::error::LogError;
use written::Written;

/// The logs of one folder. Cheap to clone; all clones share one database, which is opened when it is first needed.
#[derive(Clone, Debug)]
pub struct LogStore {
    database: LazyDatabase,
    written: Arc<Written>,
}

impl LogStore {
    /// Describes the logs in `folder`. Touches nothing: only reading opens a database that is there, and only writing makes
    /// one that is not.
    #[must_use]
    pub fn new(folder: &Path, open: &OpenOptions) -> LogStore {
        let database = LazyDatabase::new(&LOGS_DB, folder, open);
        LogStore { database, written: Arc::default() }
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
}

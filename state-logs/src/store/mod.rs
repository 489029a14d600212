//! The store of log rows in `logs_2.sqlite`.

mod append;
mod erase;
mod evict;
mod expire;
mod inventory;
mod new_row;
mod partition;
mod place;
mod query;
mod row;
mod statements;
#[cfg(test)]
mod tests;

use std::path::Path;

use threadkeep_sqlite::{DbKind, DbSpec, LazyDatabase, OpenOptions, TextForm, migrations};

pub use inventory::LogInventory;
pub use new_row::NewRow;
pub use query::{DEFAULT_LIMIT, LevelMatch, LogQuery, MAX_LIMIT, Order};
pub use row::{LogRow, LogSpan};
#[doc(hidden)]
pub use statements::statements;

use crate::error::LogError;

/// Description of the logs' database.
pub static LOGS_DB: DbSpec = DbSpec::new(
    "logs",
    "logs_2.sqlite",
    DbKind::Rebuildable,
    // Threadkeep, logs.
    u32::from_be_bytes(*b"TKlg"),
    &migrations!["0001_logs", "0002_expiry"],
)
.with_forms(&[
    TextForm::uuid("log_rows", "process_id"),
    TextForm::json("log_rows", "fields"),
    TextForm::json("log_rows", "spans"),
    TextForm::uuid("log_tombstones", "thread_id"),
]);

/// The logs of one folder. Cheap to clone; all clones share one database, which is opened at the
/// first use.
#[derive(Clone, Debug)]
pub struct LogStore {
    database: LazyDatabase,
}

impl LogStore {
    /// Describes the logs in `folder`. Opens nothing: reading opens an existing database, and
    /// writing creates a missing one.
    #[must_use]
    pub fn new(folder: &Path, open: &OpenOptions) -> LogStore {
        LogStore { database: LazyDatabase::new(&LOGS_DB, folder, open) }
    }

    /// Returns the database.
    #[must_use]
    pub fn database(&self) -> &LazyDatabase {
        &self.database
    }

    /// Closes the database for all clones. Close writers first: they would open it again.
    ///
    /// # Errors
    ///
    /// [`LogError::Database`]. The database is closed all the same.
    pub async fn close(&self) -> Result<(), LogError> {
        Ok(self.database.close().await?)
    }
}

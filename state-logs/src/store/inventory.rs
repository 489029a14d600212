//! Figures of the logs: rows, bytes, times.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use threadkeep_sqlite::RowReader;

use super::LogStore;
use crate::error::LogError;

/// What the logs hold, and what has been logged since the database was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogInventory {
    /// Rows that are there.
    pub rows: u64,
    /// The bytes of their texts.
    pub bytes: u64,
    /// The bytes of the texts of all rows that were ever logged.
    pub logged_bytes: u64,
    /// Rows that were dropped because they found no room or could not be written, as far as the database knows.
    pub dropped_rows: u64,
    /// When the earliest row happened, of those that are there.
    pub oldest: Option<Timestamp>,
    /// When the latest row happened.
    pub newest: Option<Timestamp>,
}

impl LogStore {
    /// Counts what there is; `None` when there is no database, which is not made.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`] and [`LogError::Database`].
    pub async fn inventory(&self) -> Result<Option<LogInventory>, LogError> {
        let Some(db) = self.database.existing().await? else { return Ok(None) };
        // Rows are committed in another order than they happened in. The first and the last to be committed, and how far ids
        // and times are apart, tell which others may have happened before and after them: few, unless a clock was set back.
        let totals = sqlx::query(
            "SELECT (SELECT coalesce(sum(row_count), 0) FROM log_partitions), \
               (SELECT coalesce(sum(byte_count), 0) FROM log_partitions), logged_bytes, dropped_rows, \
               (SELECT min(at_ms) FROM log_rows WHERE log_rows.id < 1000 * (1 + most_late_ms + \
                 (SELECT at_ms FROM log_rows ORDER BY log_rows.id LIMIT 1))), \
               (SELECT max(at_ms) FROM log_rows WHERE log_rows.id >= 1000 * \
                 (SELECT at_ms FROM log_rows ORDER BY log_rows.id DESC LIMIT 1)) FROM log_totals WHERE id = 1",
        );
        Ok(Some(db.read(async |conn| from_row(&totals.fetch_one(conn).await?)).await?))
    }
}

fn from_row(row: &SqliteRow) -> Result<LogInventory, sqlx::Error> {
    let mut row = RowReader::new(row);
    let mut count = || row.column::<i64>().map(|count| u64::try_from(count).unwrap_or(0));
    Ok(LogInventory {
        rows: count()?,
        bytes: count()?,
        logged_bytes: count()?,
        dropped_rows: count()?,
        oldest: row.optional_time()?,
        newest: row.optional_time()?,
    })
}

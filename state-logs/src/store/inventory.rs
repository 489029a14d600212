//! Figures of the logs: rows, bytes, times.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use threadkeep_sqlite::RowReader;

use super::LogStore;
use crate::error::LogError;

/// Figures of the logs, some of them since the database was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogInventory {
    /// Number of rows.
    pub rows: u64,
    /// Bytes of their texts.
    pub bytes: u64,
    /// Bytes of the texts of all rows ever logged.
    pub logged_bytes: u64,
    /// Number of rows that were dropped because the queue was full or they could not be written, as
    /// far as recorded.
    pub dropped_rows: u64,
    /// Time of the earliest row.
    pub oldest: Option<Timestamp>,
    /// Time of the latest row.
    pub newest: Option<Timestamp>,
}

impl LogStore {
    /// Returns the figures; `None` when there is no database, and none is created.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`] and [`LogError::Database`].
    pub async fn inventory(&self) -> Result<Option<LogInventory>, LogError> {
        let Some(db) = self.database.existing().await? else { return Ok(None) };
        // Rows are committed in another order than they happened in. The first and the last
        // committed row, and the largest distance of ids and times, bound the search to a few rows,
        // unless a clock was set back.
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
    Ok(LogInventory {
        rows: row.column()?,
        bytes: row.column()?,
        logged_bytes: row.column()?,
        dropped_rows: row.column()?,
        oldest: row.optional_time()?,
        newest: row.optional_time()?,
    })
}

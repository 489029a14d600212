//! Figures: the part of a home that is indexed.

use jiff::Timestamp;
use threadkeep_backfill::BackfillStatus;
use threadkeep_sqlite::RowReader;

use super::progress::{RUNS, state_of};
use crate::error::HistoryError;
use crate::store::HistoryStore;

/// Part of a home that is indexed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Indexed {
    /// Files that were read, with and without success.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
    /// Files that could not be read.
    pub failed: u64,
    /// Status of the last pass.
    pub status: BackfillStatus,
    /// Time at which a pass last went through. `None`: files may be missing.
    pub last_success_at: Option<Timestamp>,
}

impl HistoryStore {
    /// Returns the part of the home that is indexed. Without a database nothing is.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Open`], [`HistoryError::Database`].
    pub async fn indexed(&self) -> Result<Indexed, HistoryError> {
        let Some(db) = self.database.existing().await? else { return Ok(Indexed::default()) };
        let indexed = db.read(async |conn| {
            let files = sqlx::query(
                "SELECT count(*), coalesce(sum(bytes), 0), count(*) FILTER (WHERE outcome = 'failed') \
                 FROM history_files",
            );
            let row = files.fetch_one(&mut *conn).await?;
            let state = state_of(RUNS.state(conn).await?);
            let mut row = RowReader::new(&row);
            let mut figure = || row.column::<i64>().map(i64::unsigned_abs);
            Ok(Indexed {
                files: figure()?,
                bytes: figure()?,
                failed: figure()?,
                status: state.status,
                last_success_at: state.last_success_at,
            })
        });
        Ok(indexed.await?)
    }
}

//! Threads that were deleted: what is forgotten of them, and that nothing more is kept.

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use threadkeep_sqlite::{Tombstone, Tombstones};
use uuid::Uuid;

use super::LogStore;
use super::partition::id_of_thread;
use super::place::places;
use crate::error::LogError;

pub(super) const TOMBSTONES: Tombstones = Tombstones::new("log_tombstones");

impl LogStore {
    /// Forgets a thread that was deleted: its rows are taken out of every file, the snapshots that upgrades have left among them, and
    /// rows that programs still log for it are dropped until it is [readmitted](Self::readmit).
    ///
    /// Returns whether nothing of it is left. `false`: another program is reading what was there before, and until that ends it
    /// stays in the log beside the file; ask again then.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`] and [`LogError::Database`]; what was done by then stays so, and all of it can be done again.
    pub async fn forget(&self, thread: Uuid, now: Timestamp) -> Result<bool, LogError> {
        let stone = Tombstone::of(thread, now.as_millisecond());
        TOMBSTONES.forget(&self.database, stone, |conn| Box::pin(delete(conn, thread))).await
    }

    /// Keeps again what is logged for a thread that was forgotten.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`] and [`LogError::Database`].
    pub async fn readmit(&self, thread: Uuid) -> Result<(), LogError> {
        TOMBSTONES.readmit(&self.database, thread).await
    }

    /// Returns the tombstones of the threads that were forgotten; none where there is no file.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`] and [`LogError::Database`].
    pub async fn tombstones(&self) -> Result<Vec<Tombstone>, LogError> {
        TOMBSTONES.list(&self.database).await
    }
}

/// Deletes the rows of a thread, and its partition.
async fn delete(conn: &mut SqliteConnection, thread: Uuid) -> Result<(), sqlx::Error> {
    let Some(partition) = id_of_thread(conn, thread).await? else { return Ok(()) };
    let places = places(partition);
    sqlx::query("DELETE FROM log_rows WHERE place BETWEEN ?1 AND ?2")
        .bind(places.start())
        .bind(places.end())
        .execute(&mut *conn)
        .await?;
    sqlx::query("DELETE FROM log_partitions WHERE id = ?1").bind(partition).execute(conn).await?;
    Ok(())
}

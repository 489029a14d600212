//! Deleted threads: erases their rows, and drops new ones.

use std::time::Duration;

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
    /// Returns a handle to the same store whose calls wait at most `patience` for other processes.
    #[must_use]
    pub fn within(&self, patience: Duration) -> LogStore {
        LogStore { database: self.database.within(patience) }
    }

    /// Erases a deleted thread's rows from every file, snapshots of upgrades included. New rows of
    /// the thread are dropped until it is [restored](Self::restore_thread).
    ///
    /// Returns true if no byte of the rows is left. Returns false if another program still reads
    /// what was there before, which then stays in the write-ahead log until that program ends. Call
    /// it again later.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`], [`LogError::Database`]. Completed steps are kept, and all of them can be
    /// repeated.
    pub async fn erase_thread(&self, thread: Uuid, deleted_at: Timestamp) -> Result<bool, LogError> {
        let stone = Tombstone { thread_id: thread, deleted_at };
        TOMBSTONES.erase_thread(&self.database, stone, |conn| Box::pin(delete(conn, thread))).await
    }

    /// Keeps again what is logged for a deleted thread.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`], [`LogError::Database`].
    pub async fn restore_thread(&self, thread: Uuid) -> Result<(), LogError> {
        TOMBSTONES.restore_thread(&self.database, thread).await
    }

    /// Returns the tombstones of deleted threads, or none if there is no file.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`], [`LogError::Database`].
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

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
        let db = self.database.get().await?;
        let mut tx = db.begin_durable().await?;
        let forgotten = async {
            delete(tx.conn(), thread).await?;
            TOMBSTONES.put(tx.conn(), &[Tombstone::of(thread, now.as_millisecond())]).await
        };
        forgotten.await.map_err(|error| db.error(error))?;
        tx.commit().await?;
        self.database.edit_snapshots::<LogError, _>(|conn| Box::pin(delete(conn, thread))).await?;
        // The log beside the file still has what was deleted.
        Ok(db.checkpoint().await?.complete)
    }

    /// Keeps again what is logged for a thread that was forgotten.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`] and [`LogError::Database`].
    pub async fn readmit(&self, thread: Uuid) -> Result<(), LogError> {
        let Some(db) = self.database.existing().await? else { return Ok(()) };
        let mut tx = db.begin_durable().await?;
        TOMBSTONES.remove(tx.conn(), [thread]).await.map_err(|error| db.error(error))?;
        Ok(tx.commit().await?)
    }

    /// Returns the tombstones of the threads that were forgotten; none where there is no file.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`] and [`LogError::Database`].
    pub async fn tombstones(&self) -> Result<Vec<Tombstone>, LogError> {
        let Some(db) = self.database.existing().await? else { return Ok(Vec::new()) };
        Ok(db.read(async |conn| TOMBSTONES.all(conn).await).await?)
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

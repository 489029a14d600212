//! What is kept of a deleted thread, so that no index run brings it back: a digest of its id, and nothing that names it.

use sqlx::sqlite::SqliteRow;
use threadkeep_sqlite::{Database, DbError, Durability, RowReader, Tombstone, Tombstones};
use uuid::Uuid;

use crate::cleanup::{self, PATIENCE};
use crate::error::StateError;
use crate::runtime::StateRuntime;
use crate::stores::Stores;
use crate::threads::forget;

/// The index's own; the stores have theirs, and learn of a deletion by its cleanup.
pub(crate) const TOMBSTONES: Tombstones = Tombstones::new("tombstones");

/// Makes tombstones of what an earlier version has left in `deleted_threads`, where it kept ids.
pub(crate) async fn convert(db: &Database) -> Result<(), DbError> {
    let fail = |error| db.error(error);
    const ARE_THERE_ANY: &str = "SELECT EXISTS (SELECT 1 FROM deleted_threads)";
    let are_there_any: bool =
        db.read(async |conn| sqlx::query_scalar(ARE_THERE_ANY).fetch_one(conn).await).await?;
    if !are_there_any {
        return Ok(());
    }
    let mut tx = db.begin(Durability::Durable).await?;
    let rows = sqlx::query("DELETE FROM deleted_threads RETURNING thread_id, deleted_at_ms")
        .fetch_all(tx.conn())
        .await
        .map_err(fail)?;
    // What is no id was never a thread's.
    let read = |row: &SqliteRow| {
        let mut row = RowReader::new(row);
        Some((row.uuid().ok()?, row.column::<i64>().ok()?))
    };
    let deleted: Vec<(Uuid, i64)> = rows.iter().filter_map(read).collect();
    let stones: Vec<Tombstone> = deleted.iter().map(|(id, at_ms)| Tombstone::of(*id, *at_ms)).collect();
    TOMBSTONES.put(tx.conn(), &stones).await.map_err(fail)?;
    for (id, at_ms) in deleted {
        forget(tx.conn(), id).await.map_err(fail)?;
        // The stores never heard of it, and the snapshot from before this upgrade names it.
        cleanup::note(tx.conn(), &[id], at_ms).await.map_err(fail)?;
    }
    tx.commit().await
}

impl StateRuntime {
    /// Learns from the other stores what was deleted, where the index has no threads: it may have been lost, and is made again
    /// from rollouts among which those of deleted threads still are.
    pub(crate) async fn adopt_tombstones(&self) -> Result<(), StateError> {
        let db = self.database();
        let fail = |error| db.error(error);
        const IS_EMPTY: &str = "SELECT NOT EXISTS (SELECT 1 FROM threads)";
        let is_empty: bool = db.read(async |conn| sqlx::query_scalar(IS_EMPTY).fetch_one(conn).await).await?;
        if !is_empty {
            return Ok(());
        }
        let stores = Stores::new(self, PATIENCE, false);
        let stones = stores.tombstones().await;
        stores.close().await;
        if stones.is_empty() {
            return Ok(());
        }
        let mut tx = db.begin(Durability::Durable).await?;
        // Who has begun to index meanwhile may have brought some of them back.
        let is_empty: bool = sqlx::query_scalar(IS_EMPTY).fetch_one(tx.conn()).await.map_err(fail)?;
        if is_empty {
            TOMBSTONES.put(tx.conn(), &stones).await.map_err(fail)?;
        }
        Ok(tx.commit().await?)
    }
}

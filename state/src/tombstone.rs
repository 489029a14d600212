//! What is kept of a deleted thread, so that no index run brings it back: a digest of its id, and nothing that names it.

use sqlx::Row as _;
use threadkeep_sqlite::{Database, DbError, Tombstone, Tombstones};
use uuid::Uuid;

use crate::cleanup::AT_ONCE;
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
    let mut tx = db.begin_durable().await?;
    let rows = sqlx::query("DELETE FROM deleted_threads RETURNING thread_id, deleted_at_ms")
        .fetch_all(tx.conn())
        .await
        .map_err(fail)?;
    for row in &rows {
        // What is no id was never a thread's.
        let Ok(id) = Uuid::try_parse(row.try_get(0).map_err(fail)?) else { continue };
        let stone = Tombstone::of(id, row.try_get(1).map_err(fail)?);
        TOMBSTONES.put(tx.conn(), &[stone]).await.map_err(fail)?;
        forget(tx.conn(), id).await.map_err(fail)?;
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
        let stores = Stores::new(self, AT_ONCE, false);
        let stones = stores.tombstones().await;
        stores.close().await;
        if stones.is_empty() {
            return Ok(());
        }
        let mut tx = db.begin_durable().await?;
        // Who has begun to index meanwhile may have brought some of them back.
        let is_empty: bool = sqlx::query_scalar(IS_EMPTY).fetch_one(tx.conn()).await.map_err(fail)?;
        if is_empty {
            TOMBSTONES.put(tx.conn(), &stones).await.map_err(fail)?;
        }
        Ok(tx.commit().await?)
    }
}

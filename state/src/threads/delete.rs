//! Takes a thread out of this database, and leaves in the same transaction what the rest of a deletion needs.

use jiff::Timestamp;
use threadkeep_sqlite::{Durability, Tombstone};
use uuid::Uuid;

use super::{ThreadStore, forget};
use crate::cleanup;
use crate::error::StateError;
use crate::tombstone::TOMBSTONES;

impl ThreadStore {
    /// Deletes a thread from this database, leaves a tombstone, and notes what is to be done elsewhere.
    pub(crate) async fn delete(&self, id: Uuid, now: Timestamp) -> Result<(), StateError> {
        let fail = |error| StateError::from(self.db.error(error));
        let mut tx = self.db.begin(Durability::Durable).await?;
        if !forget(tx.conn(), id).await.map_err(fail)? {
            return Err(StateError::NotFound { id });
        }
        let stone = Tombstone::of(id, now.as_millisecond());
        TOMBSTONES.put(tx.conn(), &[stone]).await.map_err(fail)?;
        cleanup::note(tx.conn(), &[id], now.as_millisecond()).await.map_err(fail)?;
        Ok(tx.commit().await?)
    }
}

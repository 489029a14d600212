//! Forgetting a thread in a store: what every store does around the statements that are its own.

use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use crate::database::durability::Durability;
use crate::database::lazy::{Edit, LazyDatabase};
use crate::error::{DbError, OpenError};
use crate::tombstone::{Tombstone, Tombstones};

impl Tombstones {
    /// Forgets a thread: runs `delete` in the transaction that puts its tombstone, and in every snapshot that upgrades have left.
    /// Makes the database if there is none, so that the thread stays forgotten.
    ///
    /// Returns whether nothing of it is left. `false`: another program is reading what was there before, and until that ends it
    /// stays in the log beside the file; ask again then.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`](crate::Database::open), [`Database::begin`](crate::Database::begin) and
    /// [`LazyDatabase::edit_snapshots`]; what was done by then stays so, and all of it can be done again.
    pub async fn forget<E, F>(
        &self,
        database: &LazyDatabase,
        stone: Tombstone,
        mut delete: F,
    ) -> Result<bool, E>
    where
        E: From<OpenError> + From<DbError>,
        F: for<'c> FnMut(&'c mut SqliteConnection) -> Edit<'c>,
    {
        let db = database.get().await?;
        db.write::<_, DbError>(Durability::Durable, async |conn| {
            delete(conn).await?;
            Ok(self.put(conn, &[stone]).await?)
        })
        .await?;
        // The log beside the file still has what was deleted, and nobody may come to close it.
        let checkpoint = db.checkpoint().await?;
        database.edit_snapshots::<E, F>(delete).await?;
        Ok(checkpoint.complete)
    }

    /// Takes a thread in again. Where there is no database, none was forgotten.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`](crate::Database::open) and [`Database::begin`](crate::Database::begin).
    pub async fn readmit<E>(&self, database: &LazyDatabase, thread: Uuid) -> Result<(), E>
    where
        E: From<OpenError> + From<DbError>,
    {
        let Some(db) = database.existing().await? else { return Ok(()) };
        db.write::<_, DbError>(Durability::Durable, async |conn| Ok(self.remove(conn, [thread]).await?))
            .await?;
        Ok(())
    }

    /// Returns the tombstones of a database; none where there is none.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`](crate::Database::open) and [`Database::read`](crate::Database::read).
    pub async fn list<E>(&self, database: &LazyDatabase) -> Result<Vec<Tombstone>, E>
    where
        E: From<OpenError> + From<DbError>,
    {
        let Some(db) = database.existing().await? else { return Ok(Vec::new()) };
        Ok(db.read(async |conn| self.all(conn).await).await?)
    }
}

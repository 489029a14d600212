//! The deleted threads of a store, and erasing a thread from all of its files.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use crate::database::Database;
use crate::database::durability::Durability;
use crate::database::lazy::{Edit, LazyDatabase};
use crate::error::{DbError, OpenError};
use crate::tombstone::{Tombstone, Tombstones};

/// The deleted threads of a store, which takes nothing of them until they are restored. Cheap to
/// clone.
#[derive(Clone, Debug)]
pub struct DeletedThreads {
    database: LazyDatabase,
    tombstones: Tombstones,
    delete: for<'c> fn(&'c mut SqliteConnection, Vec<Uuid>) -> Edit<'c>,
}

impl DeletedThreads {
    /// Describes the deleted threads of a database. `delete` deletes the rows of threads from its
    /// tables, or from a snapshot of them.
    #[must_use]
    pub fn new(
        database: LazyDatabase,
        tombstones: Tombstones,
        delete: for<'c> fn(&'c mut SqliteConnection, Vec<Uuid>) -> Edit<'c>,
    ) -> Self {
        Self { database, tombstones, delete }
    }

    /// Returns a handle whose calls wait at most `patience` for other processes.
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        Self { database: self.database.within(patience), ..self.clone() }
    }

    /// Returns the database.
    #[must_use]
    pub fn database(&self) -> &LazyDatabase {
        &self.database
    }

    /// Erases a thread from every file, snapshots of upgrades included, and puts its tombstone.
    /// Creates the database if there is none, so that the thread stays deleted.
    ///
    /// Returns true if no byte of it is left. Returns false if another program still reads what was
    /// there before, which then stays in the write-ahead log until that program ends. Call it again
    /// later.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`](crate::Database::open),
    /// [`Database::write`](crate::Database::write) and [`LazyDatabase::edit_snapshots`]. Completed
    /// steps are kept, and all of them can be repeated.
    pub async fn erase(&self, thread_id: Uuid, deleted_at: Timestamp) -> Result<bool, OpenError> {
        self.erase_all(&[Tombstone { thread_id, deleted_at }]).await
    }

    /// Erases threads, as [`erase`](Self::erase) does, in one transaction. Several cost little more
    /// than one.
    ///
    /// # Errors
    ///
    /// As for [`erase`](Self::erase).
    pub async fn erase_all(&self, deleted: &[Tombstone]) -> Result<bool, OpenError> {
        let db = self.database.get().await?;
        let is_written_back = self.erase_rows(&db, deleted).await?;
        self.edit_snapshots(deleted).await?;
        Ok(is_written_back)
    }

    /// Erases, as [`erase`](Self::erase) does, those of these threads that have no tombstone yet.
    /// Costs one statement if all have one.
    ///
    /// # Errors
    ///
    /// As for [`erase`](Self::erase).
    pub async fn erase_unknown(&self, deleted: &[Tombstone]) -> Result<bool, OpenError> {
        let db = self.database.get().await?;
        let known = db.read(async |conn| self.tombstones.all(conn).await).await?;
        let known: HashSet<Uuid> = known.iter().map(|stone| stone.thread_id).collect();
        let unknown: Vec<Tombstone> =
            deleted.iter().filter(|stone| !known.contains(&stone.thread_id)).copied().collect();
        if unknown.is_empty() {
            return Ok(true);
        }
        // The snapshots first: a tombstone says that nothing of the thread is left.
        self.edit_snapshots(&unknown).await?;
        self.erase_rows(&db, &unknown).await
    }

    /// Restores a thread: removes its tombstone. Creates no database.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`](crate::Database::open) and
    /// [`Database::write`](crate::Database::write).
    pub async fn restore(&self, thread: Uuid) -> Result<(), OpenError> {
        let Some(db) = self.database.existing().await? else { return Ok(()) };
        let remove = async |conn: &mut SqliteConnection| Ok(self.tombstones.remove(conn, &[thread]).await?);
        Ok(db.write::<_, DbError>(Durability::Durable, remove).await?)
    }

    /// Returns the tombstones, or none if there is no database.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`](crate::Database::open) and
    /// [`Database::read`](crate::Database::read).
    pub async fn list(&self) -> Result<Vec<Tombstone>, OpenError> {
        let Some(db) = self.database.existing().await? else { return Ok(Vec::new()) };
        Ok(db.read(async |conn| self.tombstones.all(conn).await).await?)
    }

    async fn erase_rows(&self, db: &Database, stones: &[Tombstone]) -> Result<bool, OpenError> {
        db.write::<_, DbError>(Durability::Durable, async |conn| {
            (self.delete)(conn, ids_of(stones)).await?;
            Ok(self.tombstones.put(conn, stones).await?)
        })
        .await?;
        db.forget_withdrawn_decisions().await?;
        // The log still has what was deleted, and no connection may close soon.
        Ok(db.checkpoint().await?)
    }

    async fn edit_snapshots(&self, stones: &[Tombstone]) -> Result<(), OpenError> {
        self.database.edit_snapshots(|conn| (self.delete)(conn, ids_of(stones))).await
    }
}

fn ids_of(stones: &[Tombstone]) -> Vec<Uuid> {
    stones.iter().map(|stone| stone.thread_id).collect()
}

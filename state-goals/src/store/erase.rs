//! Deleted threads: erases their goals, and refuses them new ones.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use threadkeep_sqlite::{Tombstone, Tombstones, uuid_text};
use uuid::Uuid;

use super::GoalStore;
use super::delete::DELETE;
use crate::error::GoalError;

pub(super) const TOMBSTONES: Tombstones = Tombstones::new("goal_tombstones");

impl GoalStore {
    /// Returns a handle to the same store whose calls wait at most `patience` for other processes.
    #[must_use]
    pub fn within(&self, patience: Duration) -> GoalStore {
        GoalStore { database: self.database.within(patience) }
    }

    /// Erases a deleted thread's goal from every file, snapshots of upgrades included. The thread
    /// gets no goal until it is [restored](Self::restore_thread).
    ///
    /// Returns true if no byte of the goal is left. Returns false if another program still reads
    /// what was there before, which then stays in the write-ahead log until that program ends. Call
    /// it again later.
    ///
    /// # Errors
    ///
    /// [`GoalError::Open`], [`GoalError::Database`]. Completed steps are kept, and all of them can
    /// be repeated.
    pub async fn erase_thread(&self, thread: Uuid, deleted_at: Timestamp) -> Result<bool, GoalError> {
        let stone = Tombstone { thread_id: thread, deleted_at };
        TOMBSTONES.erase_thread(&self.database, stone, |conn| Box::pin(delete(conn, thread))).await
    }

    /// Lets a deleted thread have goals again.
    ///
    /// # Errors
    ///
    /// [`GoalError::Open`], [`GoalError::Database`].
    pub async fn restore_thread(&self, thread: Uuid) -> Result<(), GoalError> {
        TOMBSTONES.restore_thread(&self.database, thread).await
    }

    /// Returns the tombstones of deleted threads, or none if there is no file.
    ///
    /// # Errors
    ///
    /// [`GoalError::Open`], [`GoalError::Database`].
    pub async fn tombstones(&self) -> Result<Vec<Tombstone>, GoalError> {
        TOMBSTONES.list(&self.database).await
    }
}

async fn delete(conn: &mut SqliteConnection, thread: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query(DELETE).bind(uuid_text(thread)).bind(None::<String>).execute(conn).await.map(drop)
}

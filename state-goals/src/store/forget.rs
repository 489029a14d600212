//! Threads that were deleted: what is forgotten of them, and what they are refused.

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use threadkeep_sqlite::{Tombstone, Tombstones, text_of};
use uuid::Uuid;

use super::GoalStore;
use super::delete::DELETE;
use crate::error::GoalError;

pub(super) const TOMBSTONES: Tombstones = Tombstones::new("goal_tombstones");

impl GoalStore {
    /// Forgets a thread that was deleted: its goal is taken out of every file, the snapshots that upgrades have left among them, and
    /// it gets no other one until it is [readmitted](Self::readmit).
    ///
    /// Returns whether nothing of it is left. `false`: another program is reading what was there before, and until that ends it
    /// stays in the log beside the file; ask again then.
    ///
    /// # Errors
    ///
    /// [`GoalError::Open`], [`GoalError::Database`]; what was done by then stays so, and all of it can be done again.
    pub async fn forget(&self, thread: Uuid, now: Timestamp) -> Result<bool, GoalError> {
        let stone = Tombstone::of(thread, now.as_millisecond());
        TOMBSTONES.forget(&self.database, stone, |conn| Box::pin(delete(conn, thread))).await
    }

    /// Lets a thread that was forgotten have goals again.
    ///
    /// # Errors
    ///
    /// [`GoalError::Open`], [`GoalError::Database`].
    pub async fn readmit(&self, thread: Uuid) -> Result<(), GoalError> {
        TOMBSTONES.readmit(&self.database, thread).await
    }

    /// Returns the tombstones of the threads that were forgotten; none where there is no file.
    ///
    /// # Errors
    ///
    /// [`GoalError::Open`], [`GoalError::Database`].
    pub async fn tombstones(&self) -> Result<Vec<Tombstone>, GoalError> {
        TOMBSTONES.list(&self.database).await
    }
}

async fn delete(conn: &mut SqliteConnection, thread: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query(DELETE).bind(text_of(thread)).bind(None::<String>).execute(conn).await.map(drop)
}

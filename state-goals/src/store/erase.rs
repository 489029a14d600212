//! Deleted threads: erases their goals, and refuses them new ones.

use sqlx::SqliteConnection;
use threadkeep_sqlite::{DeletedThreads, Edit, Tombstones, uuid_text};
use uuid::Uuid;

use super::GoalStore;
use super::delete::DELETE;

pub(super) const TOMBSTONES: Tombstones = Tombstones::new("goal_tombstones");

impl GoalStore {
    /// Returns the deleted threads. [`erase`](DeletedThreads::erase) erases a thread's goal. The
    /// thread gets no goal until it is [restored](DeletedThreads::restore).
    #[must_use]
    pub fn deleted_threads(&self) -> DeletedThreads {
        DeletedThreads::new(self.database.clone(), TOMBSTONES, erase)
    }
}

/// Deletes a thread's goal from the database or from a snapshot of it.
pub(super) fn erase(conn: &mut SqliteConnection, thread: Uuid) -> Edit<'_> {
    let delete = sqlx::query(DELETE).bind(uuid_text(thread)).bind(None::<String>);
    Box::pin(async move { delete.execute(conn).await.map(drop) })
}

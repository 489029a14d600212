//! Deletes a thread's goal, as a user asks for it.

use threadkeep_sqlite::text_of;
use uuid::Uuid;

use super::GoalStore;
use crate::error::GoalError;
use crate::goal::{Goal, goal_columns};

pub(super) const DELETE: &str = concat!(
    "DELETE FROM thread_goals WHERE thread_id = ?1 AND (?2 IS NULL OR goal_id = ?2) RETURNING ",
    goal_columns!()
);

impl GoalStore {
    /// Deletes a thread's goal and returns it; `None` when it had none. `expected` is the goal that is meant; `None`: whichever the
    /// thread has.
    ///
    /// The text is overwritten in the file; the log beside it has it until it is written back, as the last
    /// [`close`](Self::close) on the file does. Snapshots from before upgrades keep it: see [`forget`](Self::forget).
    ///
    /// # Errors
    ///
    /// [`GoalError::Stale`], with the current goal, when another was expected; [`GoalError::Open`], [`GoalError::Database`].
    pub async fn delete(&self, thread: Uuid, expected: Option<Uuid>) -> Result<Option<Goal>, GoalError> {
        let delete = sqlx::query(DELETE).bind(text_of(thread)).bind(expected.map(text_of));
        self.change(thread, delete).await?.unless_stale(expected)
    }
}

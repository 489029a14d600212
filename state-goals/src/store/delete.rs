//! Deletes a thread's goal at the user's request.

use sqlx::SqliteConnection;
use threadkeep_sqlite::{Edit, uuid_text};
use uuid::Uuid;

use super::GoalStore;
use crate::error::GoalError;
use crate::goal::{Goal, goal_columns};

pub(super) const DELETE: &str = concat!(
    "DELETE FROM thread_goals WHERE thread_id = ?1 AND (?2 IS NULL OR goal_id = ?2) RETURNING ",
    goal_columns!()
);

impl GoalStore {
    /// Deletes a thread's goal and returns it; `None` when it had none. `expected` is the id of the
    /// goal to delete; `None` is any.
    ///
    /// The text is overwritten in the file and in its snapshots. The log keeps it until it is
    /// written back, as the last [`close`](Self::close) does.
    ///
    /// # Errors
    ///
    /// [`GoalError::Stale`]: the thread has another goal than expected; [`GoalError::Open`],
    /// [`GoalError::Database`]. If the goal was deleted and a snapshot could not be edited, the
    /// deletion holds.
    pub async fn delete(&self, thread: Uuid, expected: Option<Uuid>) -> Result<Option<Goal>, GoalError> {
        let delete = sqlx::query(DELETE).bind(uuid_text(thread)).bind(expected.map(uuid_text));
        let deleted = self.change(thread, delete).await?.unless_stale(expected)?;
        if deleted.is_some()
            && let Some(database) = self.database.existing().await?
        {
            database.forget_withdrawn_decisions().await?;
            // A snapshot may have an earlier goal of the thread, which is withdrawn as well.
            self.database.edit_snapshots(|conn| erase(conn, vec![thread])).await?;
        }
        Ok(deleted)
    }
}

/// Deletes the goals of threads from the database or from a snapshot of it.
pub(super) fn erase(conn: &mut SqliteConnection, threads: Vec<Uuid>) -> Edit<'_> {
    Box::pin(async move {
        for thread in threads {
            let delete = sqlx::query(DELETE).bind(uuid_text(thread)).bind(None::<String>);
            delete.execute(&mut *conn).await?;
        }
        Ok(())
    })
}

//! Reads the goals of given threads.

use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use threadkeep_sqlite::{json, uuid_text};
use uuid::Uuid;

use super::GoalStore;
use crate::error::GoalError;
use crate::goal::{Goal, goal_columns};

pub(super) const GET: &str = concat!("SELECT ", goal_columns!(), " FROM thread_goals WHERE thread_id = ?1");

pub(super) const GET_MANY: &str = concat!(
    "SELECT ",
    goal_columns!(),
    " FROM thread_goals WHERE thread_id IN (SELECT value FROM json_each(?1)) ORDER BY thread_id"
);

impl GoalStore {
    /// Returns a thread's goal, if it has one.
    ///
    /// # Errors
    ///
    /// [`GoalError::Open`], [`GoalError::Database`].
    pub async fn get(&self, thread: Uuid) -> Result<Option<Goal>, GoalError> {
        Ok(self.fetch(sqlx::query(GET).bind(uuid_text(thread))).await?.pop())
    }

    /// Returns the goals of several threads in the order of their ids, with one statement. Skips
    /// threads without a goal.
    ///
    /// # Errors
    ///
    /// [`GoalError::Open`], [`GoalError::Database`].
    pub async fn get_many(&self, threads: &[Uuid]) -> Result<Vec<Goal>, GoalError> {
        if threads.is_empty() {
            return Ok(Vec::new());
        }
        let threads: Vec<String> = threads.iter().copied().map(uuid_text).collect();
        self.fetch(sqlx::query(GET_MANY).bind(json(&threads))).await
    }

    /// Reads rows of `goal_columns!`; none if there is no file.
    pub(super) async fn fetch(
        &self,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<Vec<Goal>, GoalError> {
        let Some(database) = self.database.existing().await? else { return Ok(Vec::new()) };
        let goals = database.read(async |conn| {
            let rows = query.fetch_all(conn).await?;
            rows.iter().map(Goal::from_row).collect()
        });
        Ok(goals.await?)
    }
}

//! A goal as it is stored: one row of the table `thread_goals`.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use threadkeep_sqlite::RowReader;
use uuid::Uuid;

use crate::status::GoalStatus;

/// What a thread is to reach, what it may use for that, and what it has used.
///
/// A row of the table `thread_goals` in `goals_1.sqlite`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Goal {
    /// The thread that has it.
    pub thread_id: Uuid,
    /// The goal itself: a thread whose goal is replaced has one with another id.
    pub goal_id: Uuid,
    /// What is to be reached, in the user's words; from 1 to [`MAX_OBJECTIVE_CHARS`](crate::MAX_OBJECTIVE_CHARS) characters.
    pub objective: String,
    /// Where it stands.
    pub status: GoalStatus,
    /// The tokens that it may use; `None`: as many as it takes.
    pub token_budget: Option<i64>,
    /// The tokens that were used, and counted.
    pub tokens_used: i64,
    /// The seconds that were used, and counted.
    pub seconds_used: i64,
    /// When it was set, to the millisecond.
    pub created_at: Timestamp,
    /// When anything of it changed last, to the millisecond. It never goes back.
    pub updated_at: Timestamp,
}

/// The columns that [`Goal::from_row`] reads, in its order; a macro, so that statements are put together at compile time.
macro_rules! goal_columns {
    () => {
        "thread_id, goal_id, objective, status, token_budget, tokens_used, seconds_used, created_at_ms, updated_at_ms"
    };
}
pub(crate) use goal_columns;

impl Goal {
    /// Reads a row of `goal_columns!`.
    pub(crate) fn from_row(row: &SqliteRow) -> Result<Goal, sqlx::Error> {
        let mut row = RowReader::new(row);
        Ok(Goal {
            thread_id: row.uuid()?,
            goal_id: row.uuid()?,
            objective: row.column()?,
            status: row.column::<&str>()?.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            token_budget: row.column()?,
            tokens_used: row.column()?,
            seconds_used: row.column()?,
            created_at: row.time()?,
            updated_at: row.time()?,
        })
    }
}

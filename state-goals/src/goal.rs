//! A goal: one row of the table `thread_goals`.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use threadkeep_sqlite::RowReader;
use uuid::Uuid;

use crate::status::GoalStatus;

/// Limit of an objective, in characters.
pub const MAX_OBJECTIVE_CHARS: usize = 4_000;

/// A thread's goal: the objective, the budget and the usage.
///
/// A row of the table `thread_goals` in `goals_1.sqlite`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Goal {
    /// Thread that works towards it.
    pub thread_id: Uuid,
    /// Id of the goal itself. A replacement has another.
    pub goal_id: Uuid,
    /// Objective in the user's words, of 1 to [`MAX_OBJECTIVE_CHARS`] characters.
    pub objective: String,
    /// Status.
    pub status: GoalStatus,
    /// Limit of tokens; `None` is no limit.
    pub token_budget: Option<i64>,
    /// Tokens used so far.
    pub tokens_used: i64,
    /// Seconds used so far.
    pub seconds_used: i64,
    /// Time of its creation, to the millisecond.
    pub created_at: Timestamp,
    /// Time of its last change, to the millisecond. It never goes back.
    pub updated_at: Timestamp,
}

/// Columns of [`Goal::from_row`], in its order. A macro, so that statements are assembled at
/// compile time.
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

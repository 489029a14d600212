//! A write: one statement in one transaction. It returns the goal that it wrote, or the goal that
//! it left alone.

use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use threadkeep_sqlite::{Durability, uuid_text};
use uuid::Uuid;

use super::GoalStore;
use super::read::GET;
use crate::error::GoalError;
use crate::goal::Goal;

/// A statement that returns the goal that it wrote, by `RETURNING`.
pub(super) type Statement = Query<'static, Sqlite, SqliteArguments>;

/// Result of a write.
pub(super) enum Written {
    /// The new goal, which is on the disk.
    Done(Goal),
    /// Nothing was written, because the statement's conditions did not hold for this goal.
    Refused(Goal),
    /// Nothing was written, and the thread has no goal.
    NoGoal,
}

impl Written {
    /// Returns the written goal, or the error that `why` makes.
    pub(super) fn or_refused(
        self,
        thread: Uuid,
        why: impl FnOnce(Goal) -> GoalError,
    ) -> Result<Goal, GoalError> {
        match self {
            Written::Done(goal) => Ok(goal),
            Written::Refused(current) => Err(why(current)),
            Written::NoGoal => Err(GoalError::NoGoal(thread)),
        }
    }

    /// Returns the written goal; `None` if nothing had to be written. Fails if the thread has
    /// another goal than expected.
    pub(super) fn unless_stale(self, expected: Option<Uuid>) -> Result<Option<Goal>, GoalError> {
        match self {
            Written::Done(goal) => Ok(Some(goal)),
            Written::Refused(current) => stale(expected, &current).map_or(Ok(None), Err),
            Written::NoGoal => Ok(None),
        }
    }
}

impl GoalStore {
    /// Changes an existing goal. Creates no file.
    pub(super) async fn change(&self, thread: Uuid, statement: Statement) -> Result<Written, GoalError> {
        let Some(database) = self.database.existing().await? else { return Ok(Written::NoGoal) };
        database.write(Durability::Usual, async |conn| Ok(run(conn, thread, statement).await?)).await
    }
}

/// Runs a statement. Reads the goal that it left alone, if it wrote nothing.
pub(super) async fn run(
    conn: &mut SqliteConnection,
    thread: Uuid,
    statement: Statement,
) -> Result<Written, sqlx::Error> {
    if let Some(row) = statement.fetch_optional(&mut *conn).await? {
        return Ok(Written::Done(Goal::from_row(&row)?));
    }
    // In the same transaction, so that this is the goal that the conditions did not hold for.
    let current = sqlx::query(GET).bind(uuid_text(thread)).fetch_optional(conn).await?;
    let current = current.as_ref().map(Goal::from_row).transpose()?;
    Ok(current.map_or(Written::NoGoal, Written::Refused))
}

/// Returns the error for a goal that is not the expected one.
pub(super) fn stale(expected: Option<Uuid>, current: &Goal) -> Option<GoalError> {
    let expected = expected.filter(|expected| *expected != current.goal_id)?;
    Some(GoalError::Stale { expected, current: Box::new(current.clone()) })
}

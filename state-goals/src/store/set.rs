//! Sets, replaces and pauses a goal.

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use threadkeep_sqlite::{Durability, uuid_text};
use uuid::Uuid;

use super::GoalStore;
use super::erase::TOMBSTONES;
use super::write::run;
use crate::error::GoalError;
use crate::goal::{Goal, MAX_OBJECTIVE_CHARS, goal_columns};
use crate::status::GoalStatus;

/// The start of both statements that write a whole row.
macro_rules! new_row {
    () => {
        concat!(
            "INSERT INTO thread_goals (",
            goal_columns!(),
            ") VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?6, ?6) ON CONFLICT (thread_id) DO "
        )
    };
}

pub(super) const INSERT: &str = concat!(new_row!(), "NOTHING RETURNING ", goal_columns!());

// Not a REPLACE, which would clear columns that a newer program has added.
pub(super) const REPLACE: &str = concat!(
    new_row!(),
    "UPDATE SET goal_id = excluded.goal_id, objective = excluded.objective, status = excluded.status, \
     token_budget = excluded.token_budget, tokens_used = 0, seconds_used = 0, \
     created_at_ms = excluded.created_at_ms, updated_at_ms = excluded.updated_at_ms RETURNING ",
    goal_columns!()
);

pub(super) const PAUSE_IF_ACTIVE: &str = concat!(
    "UPDATE thread_goals SET status = 'paused', updated_at_ms = max(updated_at_ms, ?2) \
     WHERE thread_id = ?1 AND (?3 IS NULL OR goal_id = ?3) AND status = 'active' RETURNING ",
    goal_columns!()
);

/// A new goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGoal {
    /// Objective, after trimming of 1 to [`MAX_OBJECTIVE_CHARS`] characters. Secrets in it are
    /// stored as `[redacted:…]`.
    pub objective: String,
    /// First status. Default: active.
    pub status: GoalStatus,
    /// Limit of tokens, 1 or more. Default: `None`, no limit.
    pub token_budget: Option<i64>,
}

impl NewGoal {
    /// Makes an active goal without a budget.
    pub fn new(objective: impl Into<String>) -> NewGoal {
        NewGoal { objective: objective.into(), status: GoalStatus::Active, token_budget: None }
    }
}

/// Trims an objective, redacts secrets in it and checks its length.
pub(super) fn checked_objective(objective: &str) -> Result<String, GoalError> {
    let objective = threadkeep_redact::redact(objective.trim());
    match objective.chars().count() {
        0 => Err(GoalError::EmptyObjective),
        1..=MAX_OBJECTIVE_CHARS => Ok(objective.into_owned()),
        chars => Err(GoalError::ObjectiveTooLong(chars)),
    }
}

/// Refuses a budget below 1.
pub(super) fn check_budget(budget: Option<i64>) -> Result<(), GoalError> {
    match budget {
        Some(budget) if budget <= 0 => Err(GoalError::BadBudget(budget)),
        _ => Ok(()),
    }
}

impl GoalStore {
    /// Sets the goal of a thread that has none.
    ///
    /// # Errors
    ///
    /// [`GoalError::Exists`], [`GoalError::ThreadDeleted`], [`GoalError::EmptyObjective`],
    /// [`GoalError::ObjectiveTooLong`], [`GoalError::BadBudget`], [`GoalError::Open`],
    /// [`GoalError::Database`].
    pub async fn insert(&self, thread: Uuid, goal: NewGoal, now: Timestamp) -> Result<Goal, GoalError> {
        self.set(INSERT, thread, goal, now).await
    }

    /// Sets a thread's goal, in place of an earlier one: with a new id and no usage.
    ///
    /// Callers that expect the earlier goal's id get [`GoalError::Stale`] from then on.
    ///
    /// # Errors
    ///
    /// [`GoalError::ThreadDeleted`], [`GoalError::EmptyObjective`],
    /// [`GoalError::ObjectiveTooLong`], [`GoalError::BadBudget`], [`GoalError::Open`],
    /// [`GoalError::Database`].
    pub async fn replace(&self, thread: Uuid, goal: NewGoal, now: Timestamp) -> Result<Goal, GoalError> {
        self.set(REPLACE, thread, goal, now).await
    }

    /// Pauses a thread's goal if it is active. Returns the goal; `None` when there was none to
    /// pause. `expected` is the id of the goal to pause; `None` is any.
    ///
    /// # Errors
    ///
    /// [`GoalError::Stale`]: the thread has another goal than expected; [`GoalError::Open`],
    /// [`GoalError::Database`].
    pub async fn pause_if_active(
        &self,
        thread: Uuid,
        expected: Option<Uuid>,
        now: Timestamp,
    ) -> Result<Option<Goal>, GoalError> {
        let pause = sqlx::query(PAUSE_IF_ACTIVE).bind(uuid_text(thread)).bind(now.as_millisecond());
        self.change(thread, pause.bind(expected.map(uuid_text))).await?.unless_stale(expected)
    }

    /// Gives a thread a goal by a statement that writes a whole row, unless the thread was deleted.
    async fn set(
        &self,
        sql: &'static str,
        thread: Uuid,
        goal: NewGoal,
        now: Timestamp,
    ) -> Result<Goal, GoalError> {
        let objective = checked_objective(&goal.objective)?;
        check_budget(goal.token_budget)?;
        let statement = sqlx::query(sql)
            .bind(uuid_text(thread))
            .bind(uuid_text(Uuid::now_v7()))
            .bind(objective)
            .bind(goal.status.as_str())
            .bind(goal.token_budget)
            .bind(now.as_millisecond());
        let work = async |conn: &mut SqliteConnection| {
            if !TOMBSTONES.deleted_among(conn, [thread]).await?.is_empty() {
                return Err(GoalError::ThreadDeleted(thread).into());
            }
            Ok(run(conn, thread, statement).await?)
        };
        let written = self.database.get().await?.write(Durability::Usual, work).await?;
        written.or_refused(thread, |current| GoalError::Exists(Box::new(current)))
    }
}

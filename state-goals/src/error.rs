//! Errors of goals, one variant a remedy.

use threadkeep_sqlite::{DbError, OpenError, StoreError};
use uuid::Uuid;

use crate::goal::{Goal, MAX_OBJECTIVE_CHARS};

/// Reason why a goal was not read or changed. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GoalError {
    /// The thread has no goal.
    #[error("thread {0} has no goal")]
    NoGoal(Uuid),
    /// The thread already has this goal.
    #[error("thread {} already has a goal, which is {}", .0.thread_id, .0.status)]
    Exists(Box<Goal>),
    /// The thread was deleted.
    #[error("thread {0} was deleted and cannot have a goal")]
    ThreadDeleted(Uuid),
    /// The expected goal was replaced.
    #[error("goal {expected} of thread {} was replaced by {}", .current.thread_id, .current.goal_id)]
    Stale {
        /// The expected goal.
        expected: Uuid,
        /// The thread's goal now.
        current: Box<Goal>,
    },
    /// The objective is empty.
    #[error("the objective is empty")]
    EmptyObjective,
    /// The objective has too many characters.
    #[error("an objective has at most {max} characters, and this one has {0}", max = MAX_OBJECTIVE_CHARS)]
    ObjectiveTooLong(usize),
    /// The token budget is below 1.
    #[error("a token budget is at least 1, not {0}")]
    BadBudget(i64),
    /// The usage is negative.
    #[error("usage cannot be negative: {tokens} tokens, {seconds} seconds")]
    NegativeUsage {
        /// The tokens that were given.
        tokens: i64,
        /// The seconds that were given.
        seconds: i64,
    },
    /// The update would make a goal active whose budget is used up.
    #[error(
        "the goal of thread {} cannot become active: it has used {} tokens of a budget of {budget}",
        .current.thread_id, .current.tokens_used
    )]
    BudgetUsedUp {
        /// The budget after the update.
        budget: i64,
        /// The goal as it is.
        current: Box<Goal>,
    },
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The open database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl StoreError for GoalError {
    fn open_error(&self) -> Option<&OpenError> {
        if let Self::Open(error) = self { Some(error) } else { None }
    }

    fn db_error(&self) -> Option<&DbError> {
        if let Self::Database(error) = self { Some(error) } else { None }
    }
}

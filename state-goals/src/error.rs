//! What can go wrong with a goal, one variant a remedy.

use threadkeep_sqlite::{DbError, OpenError, StoreError};
use uuid::Uuid;

use crate::goal::Goal;

/// Why a goal was not read or changed. Nothing was written then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GoalError {
    /// The thread has no goal.
    #[error("thread {thread} has no goal: give it one with `insert`")]
    NoGoal {
        /// The thread.
        thread: Uuid,
    },
    /// The thread has a goal already.
    #[error(
        "thread {} has a goal already, which is {}: change it with `update`, or give up what it has used with `replace`",
        .current.thread_id, .current.status
    )]
    Exists {
        /// The goal that it has.
        current: Box<Goal>,
    },
    /// The thread was deleted.
    #[error("thread {thread} was deleted, and gets no goal: bring it back first, then `readmit` it")]
    Forgotten {
        /// The thread.
        thread: Uuid,
    },
    /// The goal that was meant has been replaced.
    #[error(
        "goal {expected} of thread {} has been replaced by {}: look at the new one, and try again with its id if it is meant",
        .current.thread_id, .current.goal_id
    )]
    Stale {
        /// The goal that was meant.
        expected: Uuid,
        /// The goal that the thread has now.
        current: Box<Goal>,
    },
    /// The objective says nothing.
    #[error("an objective cannot be empty: say in a few words what is to be reached")]
    EmptyObjective,
    /// The objective says too much.
    #[error(
        "an objective has at most {max} characters, and this one has {chars}: shorten it, and put the rest into a file that it names"
    )]
    ObjectiveTooLong {
        /// What was given.
        chars: usize,
        /// The most there can be: [`MAX_OBJECTIVE_CHARS`](crate::MAX_OBJECTIVE_CHARS).
        max: usize,
    },
    /// A budget of nothing, or less.
    #[error("a token budget of {budget} allows nothing: give 1 or more, or none for no limit")]
    BadBudget {
        /// What was given.
        budget: i64,
    },
    /// Usage that would be counted down.
    #[error(
        "{tokens} tokens and {seconds} seconds cannot be counted: usage only grows; begin anew with `replace`"
    )]
    NegativeUsage {
        /// The tokens that were given.
        tokens: i64,
        /// The seconds that were given.
        seconds: i64,
    },
    /// The goal was to become active, and has used up its budget.
    #[error(
        "thread {} has used {} tokens of a budget of {budget}: raise the budget above that, or remove it, in the update that \
         makes the goal active",
        .current.thread_id, .current.tokens_used
    )]
    BudgetUsedUp {
        /// The budget that it would have had.
        budget: i64,
        /// The goal as it is.
        current: Box<Goal>,
    },
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database refused or failed; [`DbError::class`] says of what kind.
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

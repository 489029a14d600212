//! Counts what a thread has used for its goal, and stops the goal when its budget is used up.

use jiff::Timestamp;
use threadkeep_sqlite::{json, text_of};
use uuid::Uuid;

use super::GoalStore;
use super::write::{Written, stale};
use crate::error::GoalError;
use crate::goal::{Goal, goal_columns};
use crate::status::GoalStatus;

// The right sides see the row as it was. A sum is compared as a difference, which cannot overflow: neither is negative.
pub(super) const ACCOUNT: &str = concat!(
    "UPDATE thread_goals SET \
     tokens_used = iif(tokens_used > 9223372036854775807 - ?3, 9223372036854775807, tokens_used + ?3), \
     seconds_used = iif(seconds_used > 9223372036854775807 - ?4, 9223372036854775807, seconds_used + ?4), \
     status = iif(status = 'active' AND tokens_used >= token_budget - ?3, 'budget_limited', status), \
     updated_at_ms = max(updated_at_ms, ?6) \
     WHERE thread_id = ?1 AND (?2 IS NULL OR goal_id = ?2) AND status IN (SELECT value FROM json_each(?5)) RETURNING ",
    goal_columns!()
);

/// Which goals usage is counted for, by where they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountMode {
    /// Active ones: the usage of work that a stopped goal would not have let begin.
    #[default]
    ActiveOnly,
    /// Active and complete ones: the last turn's usage, which is known when the goal is reached already.
    ActiveOrComplete,
    /// Active, paused, blocked, usage-limited and budget-limited ones: usage of work that was stopped midway.
    ActiveOrStopped,
}

impl AccountMode {
    /// Returns the statuses that count.
    #[must_use]
    pub const fn statuses(self) -> &'static [GoalStatus] {
        match self {
            AccountMode::ActiveOnly => &[GoalStatus::Active],
            AccountMode::ActiveOrComplete => &[GoalStatus::Active, GoalStatus::Complete],
            AccountMode::ActiveOrStopped => &[
                GoalStatus::Active,
                GoalStatus::Paused,
                GoalStatus::Blocked,
                GoalStatus::UsageLimited,
                GoalStatus::BudgetLimited,
            ],
        }
    }
}

/// What a thread has used since it was last counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens, 0 or more.
    pub tokens: i64,
    /// Seconds, 0 or more.
    pub seconds: i64,
    /// Which goals it is counted for. Default: [`AccountMode::ActiveOnly`].
    pub mode: AccountMode,
    /// The goal that is meant. Default: `None`, whichever the thread has.
    pub expected_goal_id: Option<Uuid>,
}

/// What became of usage.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accounted {
    /// The goal as it is now.
    pub goal: Goal,
    /// Whether the usage was counted: the mode has the goal's status.
    pub counted: bool,
}

impl GoalStore {
    /// Adds to what a thread's goal has used, atomically, whoever else does. At `i64::MAX` it stays.
    ///
    /// An active goal whose used tokens reach its budget is budget-limited from then on; a goal of any other status keeps it,
    /// whatever is counted. A thread without a goal is an error: its usage would be lost.
    ///
    /// # Errors
    ///
    /// [`GoalError::NoGoal`]; [`GoalError::Stale`], with the current goal, when another was expected;
    /// [`GoalError::NegativeUsage`], [`GoalError::Open`], [`GoalError::Database`].
    pub async fn account(&self, thread: Uuid, usage: Usage, now: Timestamp) -> Result<Accounted, GoalError> {
        let Usage { tokens, seconds, mode, expected_goal_id } = usage;
        if tokens < 0 || seconds < 0 {
            return Err(GoalError::NegativeUsage { tokens, seconds });
        }
        let statement = sqlx::query(ACCOUNT)
            .bind(text_of(thread))
            .bind(expected_goal_id.map(text_of))
            .bind(tokens)
            .bind(seconds)
            .bind(json(&mode.statuses().iter().map(|status| status.as_str()).collect::<Vec<_>>()))
            .bind(now.as_millisecond());
        match self.change(thread, statement).await? {
            Written::Done(goal) => Ok(Accounted { goal, counted: true }),
            Written::Refused(goal) => {
                stale(expected_goal_id, &goal).map_or(Ok(Accounted { goal, counted: false }), Err)
            }
            Written::NoGoal => Err(GoalError::NoGoal { thread }),
        }
    }
}

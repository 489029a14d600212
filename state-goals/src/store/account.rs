//! Accounting: adds usage to a goal, and stops the goal when its budget is used up.

use jiff::Timestamp;
use threadkeep_sqlite::{json, uuid_text};
use uuid::Uuid;

use super::GoalStore;
use super::write::{Written, stale};
use crate::error::GoalError;
use crate::goal::{Goal, goal_columns};
use crate::status::GoalStatus;

// The right sides see the row before the update. A difference of numbers that are not negative
// cannot overflow; a sum could.
pub(super) const ACCOUNT: &str = concat!(
    "UPDATE thread_goals SET \
     tokens_used = iif(tokens_used > 9223372036854775807 - ?3, 9223372036854775807, tokens_used + ?3), \
     seconds_used = iif(seconds_used > 9223372036854775807 - ?4, 9223372036854775807, seconds_used + ?4), \
     status = iif(status = 'active' AND tokens_used >= token_budget - ?3, 'budget_limited', status), \
     updated_at_ms = max(updated_at_ms, ?6) \
     WHERE thread_id = ?1 AND (?2 IS NULL OR goal_id = ?2) AND status IN (SELECT value FROM json_each(?5)) RETURNING ",
    goal_columns!()
);

/// Statuses of goals for which usage is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountMode {
    /// Active: usage of work that would not have begun after the goal stopped.
    #[default]
    ActiveOnly,
    /// Active and complete: the last turn's usage is known only after the goal is reached.
    ActiveOrComplete,
    /// All but complete: usage of work that was stopped midway.
    ActiveOrStopped,
}

impl AccountMode {
    /// Returns the statuses.
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

/// Usage of a thread since it was last recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens, 0 or more.
    pub tokens: i64,
    /// Seconds, 0 or more.
    pub seconds: i64,
    /// Statuses for which it is recorded. Default: [`AccountMode::ActiveOnly`].
    pub mode: AccountMode,
    /// Expected goal. Default: `None`, any.
    pub expected_goal_id: Option<Uuid>,
}

/// Result of recording usage.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accounted {
    /// Goal after the call.
    pub goal: Goal,
    /// True if the usage was recorded, because the mode has the goal's status.
    pub counted: bool,
}

impl GoalStore {
    /// Adds usage to a thread's goal, atomically across all processes. A counter stays at
    /// `i64::MAX`.
    ///
    /// An active goal that reaches its budget becomes budget-limited. A goal with another status
    /// keeps it. A thread without a goal is an error, because its usage would be lost.
    ///
    /// # Errors
    ///
    /// [`GoalError::NoGoal`]; [`GoalError::Stale`]: the thread has another goal than expected;
    /// [`GoalError::NegativeUsage`], [`GoalError::Open`], [`GoalError::Database`].
    pub async fn account(&self, thread: Uuid, usage: Usage, now: Timestamp) -> Result<Accounted, GoalError> {
        let Usage { tokens, seconds, mode, expected_goal_id } = usage;
        if tokens < 0 || seconds < 0 {
            return Err(GoalError::NegativeUsage { tokens, seconds });
        }
        let statement = sqlx::query(ACCOUNT)
            .bind(uuid_text(thread))
            .bind(expected_goal_id.map(uuid_text))
            .bind(tokens)
            .bind(seconds)
            .bind(json(&mode.statuses().iter().map(|status| status.as_str()).collect::<Vec<_>>()))
            .bind(now.as_millisecond());
        match self.change(thread, statement).await? {
            Written::Done(goal) => Ok(Accounted { goal, counted: true }),
            Written::Refused(goal) => {
                stale(expected_goal_id, &goal).map_or(Ok(Accounted { goal, counted: false }), Err)
            }
            Written::NoGoal => Err(GoalError::NoGoal(thread)),
        }
    }
}

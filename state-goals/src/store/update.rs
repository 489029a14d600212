//! Changes parts of a goal, without touching the other parts.

use jiff::Timestamp;
use threadkeep_sqlite::uuid_text;
use uuid::Uuid;

use super::GoalStore;
use super::set::{check_budget, checked_objective};
use super::write::stale;
use crate::error::GoalError;
use crate::goal::{Goal, goal_columns};
use crate::status::GoalStatus;

// `?6` is the new budget if `?5` is true; NULL is no limit. A new budget may limit an active goal,
// but an update that asks for `active` is refused instead.
pub(super) const UPDATE: &str = concat!(
    "UPDATE thread_goals SET objective = coalesce(?3, objective), token_budget = iif(?5, ?6, token_budget), \
     status = CASE WHEN ?4 IS NULL AND status = 'active' AND tokens_used >= iif(?5, ?6, token_budget) \
     THEN 'budget_limited' ELSE coalesce(?4, status) END, \
     updated_at_ms = max(updated_at_ms, ?7) \
     WHERE thread_id = ?1 AND (?2 IS NULL OR goal_id = ?2) \
     AND (?4 = 'active' AND tokens_used >= iif(?5, ?6, token_budget)) IS NOT TRUE RETURNING ",
    goal_columns!()
);

/// Changes to a goal. The default changes only the time of the last change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoalUpdate {
    /// Expected goal. Default: `None`, any.
    pub expected_goal_id: Option<Uuid>,
    /// New objective, redacted as in [`NewGoal`](crate::NewGoal). Default: `None`, unchanged.
    pub objective: Option<String>,
    /// New status. Default: `None`, unchanged.
    pub status: Option<GoalStatus>,
    /// New token budget, 1 or more; `Some(None)` removes it. Default: `None`, unchanged.
    pub token_budget: Option<Option<i64>>,
}

impl GoalStore {
    /// Changes parts of a thread's goal and returns it. Other parts keep their value, also when
    /// another process changes them.
    ///
    /// An active goal becomes budget-limited if its new budget is used up. A budget-limited goal
    /// stays so when its budget is raised or removed, unless the same update makes it active.
    ///
    /// # Errors
    ///
    /// [`GoalError::NoGoal`]; [`GoalError::Stale`]: the thread has another goal than expected;
    /// [`GoalError::BudgetUsedUp`]: the budget does not allow `active`;
    /// [`GoalError::EmptyObjective`], [`GoalError::ObjectiveTooLong`], [`GoalError::BadBudget`],
    /// [`GoalError::Open`], [`GoalError::Database`].
    pub async fn update(&self, thread: Uuid, update: GoalUpdate, now: Timestamp) -> Result<Goal, GoalError> {
        let objective = update.objective.as_deref().map(checked_objective).transpose()?;
        check_budget(update.token_budget.flatten())?;
        let statement = sqlx::query(UPDATE)
            .bind(uuid_text(thread))
            .bind(update.expected_goal_id.map(uuid_text))
            .bind(objective)
            .bind(update.status.map(GoalStatus::as_str))
            .bind(update.token_budget.is_some())
            .bind(update.token_budget.flatten())
            .bind(now.as_millisecond());
        let written = self.change(thread, statement).await?;
        written.or_refused(thread, |current| refusal(&update, current))
    }
}

/// Returns the condition of the statement that did not hold.
fn refusal(update: &GoalUpdate, current: Goal) -> GoalError {
    stale(update.expected_goal_id, &current).unwrap_or_else(|| {
        let budget = update.token_budget.unwrap_or(current.token_budget);
        let budget = budget.expect("a goal without a budget is never refused");
        GoalError::BudgetUsedUp { budget, current: Box::new(current) }
    })
}

//! Changes parts of a goal, and leaves the others to whoever else changes them.

use jiff::Timestamp;
use threadkeep_sqlite::text_of;
use uuid::Uuid;

use super::GoalStore;
use super::set::{check_budget, checked_objective};
use super::write::stale;
use crate::error::GoalError;
use crate::goal::{Goal, goal_columns};
use crate::status::GoalStatus;

// `?5` says whether `?6` is the budget from now on; NULL is one, too. A goal that is active without having been asked to be is
// limited by the budget that it gets; one that is asked to be is refused.
pub(super) const UPDATE: &str = concat!(
    "UPDATE thread_goals SET objective = coalesce(?3, objective), token_budget = iif(?5, ?6, token_budget), \
     status = CASE WHEN ?4 IS NULL AND status = 'active' AND tokens_used >= iif(?5, ?6, token_budget) \
     THEN 'budget_limited' ELSE coalesce(?4, status) END, \
     updated_at_ms = max(updated_at_ms, ?7) \
     WHERE thread_id = ?1 AND (?2 IS NULL OR goal_id = ?2) \
     AND (?4 = 'active' AND tokens_used >= iif(?5, ?6, token_budget)) IS NOT TRUE RETURNING ",
    goal_columns!()
);

/// What is to be changed of a goal. The default changes nothing but the time of the last change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoalUpdate {
    /// The goal that is meant. Default: `None`, whichever the thread has.
    pub expected_goal_id: Option<Uuid>,
    /// Another objective, without secrets as in [`NewGoal`](crate::NewGoal). Default: `None`, as it is.
    pub objective: Option<String>,
    /// Another status. Default: `None`, as it is.
    pub status: Option<GoalStatus>,
    /// Another token budget, 1 or more; `Some(None)` removes it. Default: `None`, as it is.
    pub token_budget: Option<Option<i64>>,
}

impl GoalStore {
    /// Changes parts of a thread's goal and returns it. What the update does not name stays, whoever changes it meanwhile.
    ///
    /// An active goal that gets a budget which it has used up is limited by it at once. A goal that is limited by its budget
    /// stays so when the budget is raised or removed, unless the same update makes it active.
    ///
    /// # Errors
    ///
    /// [`GoalError::NoGoal`]; [`GoalError::Stale`], with the current goal, when another was expected;
    /// [`GoalError::BudgetUsedUp`] when it is to become active and must not; [`GoalError::EmptyObjective`],
    /// [`GoalError::ObjectiveTooLong`], [`GoalError::BadBudget`], [`GoalError::Open`], [`GoalError::Database`].
    pub async fn update(&self, thread: Uuid, update: GoalUpdate, now: Timestamp) -> Result<Goal, GoalError> {
        let objective = update.objective.as_deref().map(checked_objective).transpose()?;
        check_budget(update.token_budget.flatten())?;
        let statement = sqlx::query(UPDATE)
            .bind(text_of(thread))
            .bind(update.expected_goal_id.map(text_of))
            .bind(objective)
            .bind(update.status.map(GoalStatus::as_str))
            .bind(update.token_budget.is_some())
            .bind(update.token_budget.flatten())
            .bind(now.as_millisecond());
        let written = self.change(thread, statement).await?;
        written.or_refused(thread, |current| refusal(&update, current))
    }
}

/// Says which of the statement's conditions did not hold.
fn refusal(update: &GoalUpdate, current: Goal) -> GoalError {
    stale(update.expected_goal_id, &current).unwrap_or_else(|| {
        let budget = update.token_budget.unwrap_or(current.token_budget);
        let budget = budget.expect("a goal without a budget is never refused");
        GoalError::BudgetUsedUp { budget, current: Box::new(current) }
    })
}

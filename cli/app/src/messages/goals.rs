//! Errors of goals in words.

use threadkeep_state_goals::{GoalError, MAX_OBJECTIVE_CHARS};

use super::database::of_store;
use super::restore;
use crate::fault::{Fault, FaultKind};
use crate::message::command;
use crate::text::count;

/// Finds words for an error of goals.
pub(super) fn of_goal(error: &GoalError) -> Fault {
    match error {
        GoalError::NoGoal(thread) => Fault::new(
            ("no goal was set here for thread ", *thread),
            ("set one with ", command("goals set").arg(thread).arg("OBJECTIVE")),
        ),
        GoalError::Exists(current) => Fault::new(
            ("thread ", current.thread_id, " has a goal: another process has just set it"),
            (command("goals get").arg(current.thread_id), " shows it"),
        ),
        GoalError::ThreadDeleted(thread) => {
            Fault::new(("thread ", *thread, " was deleted and cannot have a goal"), restore(*thread))
                .of_kind(FaultKind::DeletedThread)
        }
        GoalError::Stale { expected, current } => Fault::new(
            (
                "the goal of ",
                current.thread_id,
                " is no longer ",
                *expected,
                " but ",
                current.goal_id,
                "; nothing was changed",
            ),
            "leave out --goal-id to change the new one",
        ),
        GoalError::EmptyObjective => {
            Fault::new("the objective is empty", "say in a few words what the thread should achieve")
        }
        GoalError::ObjectiveTooLong(chars) => Fault::new(
            format!(
                "an objective has at most {} characters; this one has {}",
                count(MAX_OBJECTIVE_CHARS as u64),
                count(*chars as u64)
            ),
            "shorten it, and put the rest into a file that it names",
        ),
        GoalError::BadBudget(budget) => Fault::new(
            format!("a budget is a number of tokens from 1, not {budget}"),
            "`--budget none` sets no limit",
        ),
        GoalError::NegativeUsage { .. } => Fault::new(
            "usage cannot be negative; nothing was changed",
            ("begin a new goal with ", command("goals set ID OBJECTIVE --new")),
        ),
        GoalError::BudgetUsedUp { budget, current } => {
            let [used, budget] =
                [current.tokens_used, *budget].map(|tokens| count(u64::try_from(tokens).unwrap_or(0)));
            let status = current.status.as_str().replace('_', " ");
            let raise = command("goals set").arg(current.thread_id).append("--budget N --status active");
            Fault::new(
                format!(
                    "the budget of this goal is used up: {used} of {budget} tokens; it is still {status}"
                ),
                ("raise it with ", raise),
            )
        }
        other => of_store(other).unwrap_or_else(|| Fault::plain(other)),
    }
}

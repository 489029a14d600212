//! A goal in words: its status, and how far it is.

use anstyle::Style;
use threadkeep_app::text::{one_line, short, short_floor};
use threadkeep_state_goals::{Goal, GoalStatus};

use crate::args::Status;
use crate::output::color::{CYAN, DIM, GREEN, RED, YELLOW};

/// Converts a status that was typed.
pub(super) fn of_typed(status: Status) -> GoalStatus {
    match status {
        Status::Active => GoalStatus::Active,
        Status::Paused => GoalStatus::Paused,
        Status::Blocked => GoalStatus::Blocked,
        Status::UsageLimited => GoalStatus::UsageLimited,
        Status::BudgetLimited => GoalStatus::BudgetLimited,
        Status::Complete => GoalStatus::Complete,
    }
}

/// Renders status and progress: `active 12k/50k`.
pub(crate) fn summary(goal: &Goal) -> String {
    format!("{} {}", status(goal.status), progress(goal)).trim_end().to_owned()
}

/// Renders the status for people: `budget limited`.
pub(crate) fn status(status: GoalStatus) -> String {
    status.as_str().replace('_', " ")
}

/// Renders an agent's word for a status: `budget limited` for `budgetLimited`.
pub(super) fn words(status: &str) -> String {
    let mut words = String::new();
    for c in one_line(status).chars() {
        if c.is_uppercase() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words.trim_start().replace('_', " ")
}

/// Returns the style of a status.
pub(crate) fn style(status: GoalStatus) -> Style {
    match status {
        GoalStatus::Active => CYAN,
        GoalStatus::Complete => GREEN,
        GoalStatus::Blocked => RED,
        GoalStatus::UsageLimited | GoalStatus::BudgetLimited => YELLOW,
        _ => DIM,
    }
}

/// Renders the tokens used of the budget: `12k/50k`. Without a budget, the tokens used, if any.
pub(super) fn progress(goal: &Goal) -> String {
    goal_progress(goal.tokens_used, goal.token_budget)
}

/// Renders tokens used, and the budget if there is one.
pub(super) fn goal_progress(used: i64, budget: Option<i64>) -> String {
    match budget {
        Some(budget) => format!("{}/{}", short_floor(used), short(budget)),
        None if used > 0 => short(used),
        None => String::new(),
    }
}

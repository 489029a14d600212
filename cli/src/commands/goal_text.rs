//! A goal in words: its status, and how far it is.

use anstyle::Style;
use threadkeep_state_goals::{Goal, GoalStatus};

use crate::args::Status;
use crate::output::color::{CYAN, DIM, GREEN, RED, YELLOW};

/// A status as it was typed.
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

/// Status and progress: `active 12k/50k`.
pub(super) fn summary(goal: &Goal) -> String {
    format!("{} {}", status(goal.status), progress(goal)).trim_end().to_owned()
}

/// The status as people read it: `budget limited`.
pub(super) fn status(status: GoalStatus) -> String {
    status.as_str().replace('_', " ")
}

/// How a status looks.
pub(super) fn style(status: GoalStatus) -> Style {
    match status {
        GoalStatus::Active => CYAN,
        GoalStatus::Complete => GREEN,
        GoalStatus::Blocked => RED,
        GoalStatus::UsageLimited | GoalStatus::BudgetLimited => YELLOW,
        _ => DIM,
    }
}

/// What was used of what may be: `12k/50k`; what was used where anything may be; nothing when nothing was.
pub(super) fn progress(goal: &Goal) -> String {
    match goal.token_budget {
        Some(budget) => format!("{}/{}", short(goal.tokens_used), short(budget)),
        None if goal.tokens_used > 0 => short(goal.tokens_used),
        None => String::new(),
    }
}

/// A number in three digits at most, never more than it is: `950`, `1.2k`, `12k`, `3.4M`.
pub(super) fn short(number: i64) -> String {
    let mut size = 1;
    let mut units = ["", "k", "M", "G", "T", "P", "E"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    while number / size >= 1_000 {
        let Some(next) = units.next() else { break };
        size *= 1_000;
        unit = next;
    }
    let whole = number / size;
    match number / (size / 10).max(1) % 10 {
        tenths @ 1.. if size > 1 && whole < 10 => format!("{whole}.{tenths}{unit}"),
        _ => format!("{whole}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_nothing_is_full_before_it_is() {
        let shown =
            [0, 950, 999, 1_000, 1_234, 9_960, 12_000, 49_999, 999_999, 3_400_000, i64::MAX].map(short);
        assert_eq!(shown, ["0", "950", "999", "1k", "1.2k", "9.9k", "12k", "49k", "999k", "3.4M", "9.2E"]);
    }
}

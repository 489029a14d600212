//! Status of a goal, and its names in the database, in JSON and in a shell.

use std::fmt;
use std::str::FromStr;

/// Status of a goal.
///
/// The column `status` of the table `thread_goals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GoalStatus {
    /// The thread works towards it. It has used fewer tokens than its budget.
    Active,
    /// The user stopped it.
    Paused,
    /// It cannot continue by itself: something is missing, or the user has to decide.
    Blocked,
    /// The account's usage limits stopped it.
    UsageLimited,
    /// Its token budget is used up.
    BudgetLimited,
    /// The objective was reached.
    Complete,
}

impl GoalStatus {
    /// All statuses.
    pub const ALL: [GoalStatus; 6] = [
        GoalStatus::Active,
        GoalStatus::Paused,
        GoalStatus::Blocked,
        GoalStatus::UsageLimited,
        GoalStatus::BudgetLimited,
        GoalStatus::Complete,
    ];

    /// Returns the name in the database and in JSON, such as `usage_limited`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            GoalStatus::Active => "active",
            GoalStatus::Paused => "paused",
            GoalStatus::Blocked => "blocked",
            GoalStatus::UsageLimited => "usage_limited",
            GoalStatus::BudgetLimited => "budget_limited",
            GoalStatus::Complete => "complete",
        }
    }
}

impl fmt::Display for GoalStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is not a status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a goal status: active, paused, blocked, usage_limited, budget_limited, complete")]
pub struct UnknownStatus {
    /// The word.
    pub word: String,
}

impl FromStr for GoalStatus {
    type Err = UnknownStatus;

    fn from_str(word: &str) -> Result<GoalStatus, UnknownStatus> {
        let found = GoalStatus::ALL.into_iter().find(|status| status.as_str() == word);
        found.ok_or_else(|| UnknownStatus { word: word.to_owned() })
    }
}

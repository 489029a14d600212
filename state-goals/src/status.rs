//! Where a goal stands: the words for it in the database, in JSON and in a shell.

use std::fmt;
use std::str::FromStr;

/// Where a goal stands.
///
/// The column `status` of the table `thread_goals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GoalStatus {
    /// The thread works towards it. Its used tokens are below its budget, always.
    Active,
    /// The user stopped it.
    Paused,
    /// It cannot go on by itself: something is missing, or someone has to decide.
    Blocked,
    /// The account's own limits stopped it.
    UsageLimited,
    /// Its token budget is used up.
    BudgetLimited,
    /// It was reached.
    Complete,
}

impl GoalStatus {
    /// Every status there is.
    pub const ALL: [GoalStatus; 6] = [
        GoalStatus::Active,
        GoalStatus::Paused,
        GoalStatus::Blocked,
        GoalStatus::UsageLimited,
        GoalStatus::BudgetLimited,
        GoalStatus::Complete,
    ];

    /// Returns the word in the database and in JSON, such as `usage_limited`.
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
        // Padded as a table asks for.
        f.pad(self.as_str())
    }
}

/// Why a word is no status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{word}` is no status of a goal; write active, paused, blocked, usage_limited, budget_limited or complete"
)]
pub struct UnknownStatus {
    /// What was given.
    pub word: String,
}

impl FromStr for GoalStatus {
    type Err = UnknownStatus;

    fn from_str(word: &str) -> Result<GoalStatus, UnknownStatus> {
        let found = GoalStatus::ALL.into_iter().find(|status| status.as_str() == word);
        found.ok_or_else(|| UnknownStatus { word: word.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_word_and_every_other_word_is_told_them_all() {
        for status in GoalStatus::ALL {
            assert_eq!(status.to_string().parse(), Ok(status));
        }
        let message = "Active".parse::<GoalStatus>().unwrap_err().to_string();
        for status in GoalStatus::ALL {
            assert!(message.contains(status.as_str()), "{status}: {message}");
        }
    }
}

//! How a thread's last run ended.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::format::item::TurnStatus;

/// How a thread's last run ended, as the last events of its rollout say.
///
/// It is the [`TurnStatus`] of the last turn, where the agent has marked that one. What it says of the agent is as old as
/// the file's last line: one that was killed has left [`RunOutcome::Running`] behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunOutcome {
    /// The rollout does not say: no turn has begun, or its version marks none.
    #[default]
    Unknown,
    /// A turn has begun and not ended: it is running, or its agent was killed.
    Running,
    /// The agent came to the turn's end.
    Completed,
    /// The turn ended, or stands, with an error.
    Failed,
    /// The turn was stopped.
    Interrupted,
}

/// A word that is no [`RunOutcome`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no outcome of a run; write unknown, running, completed, failed or interrupted")]
pub struct UnknownRunOutcome {
    /// What was given.
    pub word: String,
}

impl RunOutcome {
    const ALL: [Self; 5] = [Self::Unknown, Self::Running, Self::Completed, Self::Failed, Self::Interrupted];

    /// The word that stands for it in an index and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<TurnStatus> for RunOutcome {
    fn from(status: TurnStatus) -> Self {
        match status {
            TurnStatus::Completed => Self::Completed,
            TurnStatus::Interrupted => Self::Interrupted,
            TurnStatus::Failed => Self::Failed,
            TurnStatus::InProgress => Self::Running,
        }
    }
}

impl fmt::Display for RunOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for RunOutcome {
    type Err = UnknownRunOutcome;

    fn from_str(word: &str) -> Result<Self, UnknownRunOutcome> {
        let found = Self::ALL.into_iter().find(|outcome| outcome.as_str() == word);
        found.ok_or_else(|| UnknownRunOutcome { word: word.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_survives_its_word() -> Result<(), serde_json::Error> {
        for outcome in RunOutcome::ALL {
            assert_eq!(outcome.to_string().parse(), Ok(outcome));
            assert_eq!(serde_json::to_value(outcome)?, outcome.as_str(), "JSON has the same word");
        }
        for word in ["", "Running", "in_progress"] {
            assert_eq!(word.parse::<RunOutcome>(), Err(UnknownRunOutcome { word: word.to_owned() }));
        }
        Ok(())
    }
}

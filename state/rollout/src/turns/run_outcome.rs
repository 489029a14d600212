//! Outcome of a thread's last run.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::format::item::TurnStatus;

/// Outcome of a thread's last run, from the last events of its rollout.
///
/// It is the [`TurnStatus`] of the last turn, if the agent marked that turn. It is as old as the
/// file's last line: an agent that was killed leaves [`RunOutcome::Running`] behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunOutcome {
    /// No turn has begun, or the agent's version marks none.
    #[default]
    Unknown,
    /// A turn has begun and not ended: the agent is running, or was killed.
    Running,
    /// The agent completed the turn.
    Completed,
    /// The turn has an error.
    Failed,
    /// The turn was interrupted.
    Interrupted,
}

/// Error for a word that is no [`RunOutcome`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a run outcome (unknown, running, completed, failed or interrupted)")]
pub struct UnknownRunOutcome {
    /// The unknown word.
    pub word: String,
}

impl RunOutcome {
    const ALL: [Self; 5] = [Self::Unknown, Self::Running, Self::Completed, Self::Failed, Self::Interrupted];

    /// Returns the word for an index and for JSON.
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

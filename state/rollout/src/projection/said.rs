//! Speakers of passages.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Speaker of a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Said {
    /// The user.
    User,
    /// The agent.
    Agent,
    /// A tool: the command that ran, files that were changed, the head of an output.
    Tool,
}

impl Said {
    /// Every speaker.
    pub const ALL: [Self; 3] = [Self::User, Self::Agent, Self::Tool];

    /// Returns the word for an index and for JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Agent => "agent",
            Self::Tool => "tool",
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

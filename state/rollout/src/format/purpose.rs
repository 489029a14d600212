//! Purpose of a request.

use serde::{Deserialize, Serialize};

/// Purpose of a request to a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Purpose {
    /// The conversation.
    #[default]
    Conversation,
    /// A sub-agent that has no session of its own in the store.
    Subagent,
    /// Work without an answer that is shown: a title, a summary for compaction, a choice of model.
    Hidden,
}

impl Purpose {
    /// Returns the word for a rollout, an index and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Subagent => "subagent",
            Self::Hidden => "hidden",
        }
    }

    /// Returns true for the conversation.
    pub fn is_conversation(&self) -> bool {
        *self == Self::Conversation
    }

    /// Returns the purpose of an `other_usage_record`. An unknown one is hidden, too.
    pub(crate) fn of_other(word: &str) -> Self {
        if word == Self::Subagent.as_str() { Self::Subagent } else { Self::Hidden }
    }
}

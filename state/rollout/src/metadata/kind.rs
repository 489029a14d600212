//! Kinds of threads.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::format::session_meta::SessionMeta;
use crate::json;

/// Kind of a thread, from its `session_meta`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ThreadKind {
    /// The user's own thread.
    #[default]
    User,
    /// A sub-agent, which another thread spawned.
    Subagent,
    /// A review of changes.
    Review,
    /// An automatic reviewer of approvals.
    Guardian,
    /// A run that makes memories.
    Memory,
    /// A side conversation, attached to the thread it was forked from.
    Fork,
    /// A thread in which nothing was said and nothing was run.
    Empty,
}

/// Error for a word that is no [`ThreadKind`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a kind of thread (user, subagent, review, guardian, memory, fork or empty)")]
pub struct UnknownThreadKind {
    /// The unknown word.
    pub word: String,
}

impl ThreadKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::User, Self::Subagent, Self::Review, Self::Guardian, Self::Memory, Self::Fork, Self::Empty];

    /// Returns the word for an index and for JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Subagent => "subagent",
            Self::Review => "review",
            Self::Guardian => "guardian",
            Self::Memory => "memory",
            Self::Fork => "fork",
            Self::Empty => "empty",
        }
    }

    /// Returns the kind of a thread that begins with these lines; never [`ThreadKind::Empty`].
    pub(crate) fn of(session: &SessionMeta) -> Self {
        let source = session.source.as_deref().filter(|source| source.starts_with('{'));
        let [subagent, internal] = json::object(source, ["subagent", "internal"]);
        let [spawn, other] = json::object(subagent, ["thread_spawn", "other"]);
        // A word, or an object with the word as `other`.
        let word = json::text(other).or_else(|| json::text(subagent)).or_else(|| json::text(internal));
        let of_word = |word: &str| match word {
            "review" => Some(Self::Review),
            word if word.starts_with("guardian") => Some(Self::Guardian),
            word if word.starts_with("memory") => Some(Self::Memory),
            "subagent" | "compact" => Some(Self::Subagent),
            _ => None,
        };
        if session.attached_thread == Some(true) {
            return Self::Fork;
        }
        if spawn.is_some() {
            return Self::Subagent;
        }
        word.as_deref()
            .and_then(of_word)
            .or_else(|| session.thread_source.as_deref().and_then(of_word))
            .unwrap_or(if subagent.is_some() { Self::Subagent } else { Self::User })
    }
}

impl fmt::Display for ThreadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ThreadKind {
    type Err = UnknownThreadKind;

    fn from_str(word: &str) -> Result<Self, UnknownThreadKind> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == word);
        found.ok_or_else(|| UnknownThreadKind { word: word.to_owned() })
    }
}

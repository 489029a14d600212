//! A thread as the in-memory store has it.

use crate::ThreadFacts;

/// Thread of an [`InMemoryStore`](super::InMemoryStore).
#[derive(Debug, Clone)]
pub struct InMemoryThread {
    /// Its facts.
    pub facts: ThreadFacts,
    /// True if it is the user's own.
    pub is_users: bool,
    /// Source: `cli`, `vscode`, `exec`, …
    pub source: String,
    /// True if it is archived.
    pub archived: bool,
    /// True if its rollout is missing.
    pub missing: bool,
    /// True if its memory mode is off.
    pub memory_off: bool,
}

impl InMemoryThread {
    /// Makes a thread that a user had with the `cli`.
    #[must_use]
    pub fn new(facts: ThreadFacts) -> Self {
        let source = "cli".to_owned();
        Self { facts, is_users: true, source, archived: false, missing: false, memory_off: false }
    }
}

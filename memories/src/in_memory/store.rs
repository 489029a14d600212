//! The in-memory store of jobs, memories and the lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::data::Data;
use crate::ThreadFacts;

/// Thread of an [`InMemoryStore`].
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

/// In-memory jobs, memories and lock. Clones are the same store.
#[derive(Debug, Clone, Default)]
pub struct InMemoryStore(Arc<Mutex<Data>>);

impl InMemoryStore {
    /// Adds or replaces a thread.
    pub fn put_thread(&self, thread: InMemoryThread) {
        self.data().threads.insert(thread.facts.id, thread);
    }

    /// Deletes a thread, and with it its job and its memory.
    pub fn delete_thread(&self, id: Uuid) {
        let mut data = self.data();
        data.forget(id);
        data.threads.remove(&id);
        data.jobs.remove(&id);
    }

    pub(super) fn data(&self) -> MutexGuard<'_, Data> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

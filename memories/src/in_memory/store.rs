//! The in-memory store of jobs, memories and the lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::data::Data;
use super::thread::InMemoryThread;

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

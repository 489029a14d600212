//! Bindings in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::Faults;
use crate::{Binding, BoxError, DeviceKeyBindingStore, KeyId, StoredBinding};

/// In-memory store of bindings. Clones, and results of [`with_faults`](Self::with_faults), are the
/// same store.
#[derive(Debug, Clone, Default)]
pub struct InMemoryBindings {
    rows: Arc<Mutex<BTreeMap<KeyId, StoredBinding>>>,
    faults: Faults,
}

impl InMemoryBindings {
    /// Returns the same store with other faults, as another process sees it.
    #[must_use]
    pub fn with_faults(&self, faults: Faults) -> Self {
        Self { rows: Arc::clone(&self.rows), faults }
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<KeyId, StoredBinding>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has an effect between two steps.
    fn between<T>(
        &self,
        effect: impl FnOnce(&mut BTreeMap<KeyId, StoredBinding>) -> T,
    ) -> Result<T, BoxError> {
        self.faults.step()?;
        let done = effect(&mut self.rows());
        // From here on it is durable, even if the caller does not learn that.
        self.faults.step()?;
        Ok(done)
    }
}

#[async_trait]
impl DeviceKeyBindingStore for InMemoryBindings {
    async fn get(&self, key_id: &KeyId) -> Result<Option<StoredBinding>, BoxError> {
        self.between(|rows| rows.get(key_id).cloned())
    }

    async fn put(&self, key_id: &KeyId, binding: &Binding, now: Timestamp) -> Result<(), BoxError> {
        self.between(|rows| {
            let created_at = rows.get(key_id).map_or(now, |row| row.created_at);
            let (key_id, binding) = (key_id.clone(), binding.clone());
            rows.insert(key_id.clone(), StoredBinding { key_id, binding, created_at, updated_at: now });
        })
    }

    async fn list(&self) -> Result<Vec<StoredBinding>, BoxError> {
        self.between(|rows| {
            let mut all: Vec<StoredBinding> = rows.values().cloned().collect();
            all.sort_by_key(|row| row.created_at);
            all
        })
    }

    async fn delete(&self, key_id: &KeyId) -> Result<bool, BoxError> {
        self.between(|rows| rows.remove(key_id).is_some())
    }
}

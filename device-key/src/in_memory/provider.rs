//! Keys in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use p256::SecretKey;

use super::Faults;
use crate::provider::{random_key, sign};
use crate::{DeviceKeyProvider, KeyId, ProtectionClass, ProviderError, PublicKey, Signature};

/// In-memory keys of any class. Clones, and results of [`with_faults`](Self::with_faults), are the
/// same provider.
#[derive(Clone)]
pub struct InMemoryProvider {
    class: ProtectionClass,
    data: Arc<Mutex<Data>>,
    faults: Faults,
}

#[derive(Default)]
struct Data {
    keys: BTreeMap<KeyId, SecretKey>,
    signed: u64,
    deleted: u64,
}

impl InMemoryProvider {
    /// Makes a provider without keys.
    #[must_use]
    pub fn new(class: ProtectionClass) -> Self {
        Self { class, data: Arc::default(), faults: Faults::default() }
    }

    /// Returns the same provider with other faults, as another process sees it.
    #[must_use]
    pub fn with_faults(&self, faults: Faults) -> Self {
        Self { data: Arc::clone(&self.data), faults, ..*self }
    }

    /// Returns how often it was asked to sign.
    #[must_use]
    pub fn asked_to_sign(&self) -> u64 {
        self.data.lock().unwrap_or_else(PoisonError::into_inner).signed
    }

    /// Returns the number of keys that were deleted.
    #[must_use]
    pub fn deleted(&self) -> u64 {
        self.data.lock().unwrap_or_else(PoisonError::into_inner).deleted
    }

    fn step(&self) -> Result<(), ProviderError> {
        self.faults.step().map_err(|reason| ProviderError::Other { reason: reason.to_owned() })
    }

    /// Has an effect between two steps.
    fn between<T>(
        &self,
        effect: impl FnOnce(&mut Data) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        self.step()?;
        let done = effect(&mut self.data.lock().unwrap_or_else(PoisonError::into_inner));
        self.step()?;
        done
    }
}

impl DeviceKeyProvider for InMemoryProvider {
    fn class(&self) -> ProtectionClass {
        self.class
    }

    fn probe(&self) -> Result<(), ProviderError> {
        self.step()
    }

    fn create(&self) -> Result<(KeyId, PublicKey), ProviderError> {
        self.step()?;
        let key = random_key()?;
        let key_id =
            KeyId::random(self.class).map_err(|error| ProviderError::Other { reason: error.to_string() })?;
        let public_key = key.public_key().into();
        self.data.lock().unwrap_or_else(PoisonError::into_inner).keys.insert(key_id.clone(), key);
        // A call that only fails has made nothing; one whose process dies may have.
        self.step().inspect_err(|_| {
            if !self.faults.is_dead() {
                self.data.lock().unwrap_or_else(PoisonError::into_inner).keys.remove(&key_id);
            }
        })?;
        Ok((key_id, public_key))
    }

    fn public_key(&self, key_id: &KeyId) -> Result<PublicKey, ProviderError> {
        self.between(|data| {
            let key = data.keys.get(key_id).ok_or(ProviderError::NoSuchKey)?;
            Ok(key.public_key().into())
        })
    }

    fn sign(&self, key_id: &KeyId, digest: &[u8; 32]) -> Result<Signature, ProviderError> {
        self.between(|data| {
            data.signed += 1;
            sign(data.keys.get(key_id).ok_or(ProviderError::NoSuchKey)?.clone(), digest)
        })
    }

    fn delete(&self, key_id: &KeyId) -> Result<bool, ProviderError> {
        self.between(|data| {
            let had = data.keys.remove(key_id).is_some();
            data.deleted += u64::from(had);
            Ok(had)
        })
    }

    fn list(&self) -> Result<Vec<KeyId>, ProviderError> {
        self.between(|data| Ok(data.keys.keys().cloned().collect()))
    }
}

//! The store of device keys: bindings and providers together.

mod call;
mod lifecycle;
mod sign;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{
    AllowedTargets, Clock, DeviceKeyBindingStore, DeviceKeyError, DeviceKeyProvider, KeyId, PublicKey,
    StoredBinding, SystemClock, UsedNonces,
};

pub use sign::Signed;

/// Settings of a [`DeviceKeyStore`].
#[derive(Debug, Clone)]
pub struct DeviceKeyOptions {
    /// Servers that a payload may be for; none by default.
    pub targets: AllowedTargets,
    /// Longest wait for a provider; 60 s by default, because it may ask a person.
    pub provider_timeout: Duration,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Default for DeviceKeyOptions {
    fn default() -> Self {
        let provider_timeout = Duration::from_secs(60);
        Self { targets: AllowedTargets::default(), provider_timeout, clock: Arc::new(SystemClock) }
    }
}

/// Keys of this device, each bound to an account and a client. Cheap to clone; all clones are the
/// same store.
///
/// Its calls need a tokio runtime with time.
#[derive(Clone)]
pub struct DeviceKeyStore {
    bindings: Arc<dyn DeviceKeyBindingStore>,
    /// The strongest class first.
    providers: Vec<Arc<dyn DeviceKeyProvider>>,
    nonces: UsedNonces,
    options: DeviceKeyOptions,
}

/// A key with its binding and its public part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceKey {
    /// Its binding, as it is stored.
    pub stored: StoredBinding,
    /// Its public part.
    pub public_key: PublicKey,
}

/// Result of [`DeviceKeyStore::rotate`].
#[derive(Debug)]
pub struct Rotated {
    /// The new key.
    pub key: DeviceKey,
    /// The reason why the old key could not be deleted, if so. Delete it again.
    pub left: Option<DeviceKeyError>,
}

/// Halves of keys, as [`DeviceKeyStore::check`] finds them. None of them signs anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orphans {
    /// Keys without a binding: their creation was interrupted, or the database is older.
    pub without_binding: Vec<KeyId>,
    /// Bindings without a key: the deletion was interrupted, or the keys are elsewhere.
    pub without_key: Vec<KeyId>,
    /// Bindings whose keys cannot be listed here, because their provider is not available.
    pub unknown: Vec<KeyId>,
}

impl DeviceKeyStore {
    /// Makes a store of its parts: at most one provider for each class.
    #[must_use]
    pub fn new(
        bindings: Arc<dyn DeviceKeyBindingStore>,
        mut providers: Vec<Arc<dyn DeviceKeyProvider>>,
        nonces: UsedNonces,
        options: DeviceKeyOptions,
    ) -> Self {
        providers.sort_by_key(|provider| provider.class());
        Self { bindings, providers, nonces, options }
    }
}

impl fmt::Debug for DeviceKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classes: Vec<_> = self.providers.iter().map(|provider| provider.class()).collect();
        f.debug_struct("DeviceKeyStore").field("classes", &classes).finish_non_exhaustive()
    }
}

//! The provider of platforms and builds that have none.

use crate::{DeviceKeyProvider, KeyId, ProtectionClass, ProviderError, PublicKey, Signature};

/// Answers that keys of a class cannot be used here, and why.
#[derive(Debug, Clone)]
pub struct UnavailableProvider {
    class: ProtectionClass,
    reason: String,
}

impl UnavailableProvider {
    /// Makes a provider that answers with a reason.
    #[must_use]
    pub fn new(class: ProtectionClass, reason: impl Into<String>) -> Self {
        Self { class, reason: reason.into() }
    }

    fn refuse<T>(&self) -> Result<T, ProviderError> {
        Err(ProviderError::Unavailable { reason: self.reason.clone() })
    }
}

impl DeviceKeyProvider for UnavailableProvider {
    fn class(&self) -> ProtectionClass {
        self.class
    }

    fn probe(&self) -> Result<(), ProviderError> {
        self.refuse()
    }

    fn create(&self) -> Result<(KeyId, PublicKey), ProviderError> {
        self.refuse()
    }

    fn public_key(&self, _: &KeyId) -> Result<PublicKey, ProviderError> {
        self.refuse()
    }

    fn sign(&self, _: &KeyId, _: &[u8; 32]) -> Result<Signature, ProviderError> {
        self.refuse()
    }

    fn delete(&self, _: &KeyId) -> Result<bool, ProviderError> {
        self.refuse()
    }

    fn list(&self) -> Result<Vec<KeyId>, ProviderError> {
        self.refuse()
    }
}

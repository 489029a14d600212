//! Calls of providers: on blocking threads, with a time limit.

use std::sync::Arc;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::DeviceKeyStore;
use crate::{DeviceKeyError, DeviceKeyProvider, KeyId, ProtectionClass, ProviderError, PublicKey};

type Provider = Arc<dyn DeviceKeyProvider>;

impl DeviceKeyStore {
    /// Returns the provider of a class.
    pub(super) fn provider(&self, class: ProtectionClass) -> Result<&Provider, ProviderError> {
        self.providers.iter().find(|provider| provider.class() == class).ok_or_else(|| {
            ProviderError::Unavailable { reason: format!("{class} keys cannot be used on this platform") }
        })
    }

    /// Calls the provider of a key.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        action: &'static str,
        key_id: &KeyId,
        work: impl FnOnce(&dyn DeviceKeyProvider, &KeyId) -> Result<T, ProviderError> + Send + 'static,
    ) -> Result<T, DeviceKeyError> {
        let (class, key_id) = (key_id.class(), key_id.clone());
        let done = match self.provider(class) {
            Err(error) => Err(error),
            Ok(provider) => {
                let provider = Arc::clone(provider);
                self.in_time(&mut spawn_blocking(move || work(&*provider, &key_id))).await
            }
        };
        done.map_err(|source| DeviceKeyError::Provider { action, class, source })
    }

    /// Calls a provider that has no key yet.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        provider: &Provider,
        work: impl FnOnce(&dyn DeviceKeyProvider) -> Result<T, ProviderError> + Send + 'static,
    ) -> Result<T, ProviderError> {
        let provider = Arc::clone(provider);
        self.in_time(&mut spawn_blocking(move || work(&*provider))).await
    }

    /// Has a provider make a key. A key that comes too late is deleted when it comes.
    pub(super) async fn make(&self, provider: &Provider) -> Result<(KeyId, PublicKey), ProviderError> {
        let (maker, deleter) = (Arc::clone(provider), Arc::clone(provider));
        let mut work = spawn_blocking(move || maker.create());
        let made = self.in_time(&mut work).await;
        if matches!(made, Err(ProviderError::TimedOut { .. })) {
            tokio::spawn(async move {
                if let Ok(Ok((key_id, _))) = work.await {
                    // If this fails, the key is found as one without a binding.
                    let _ = spawn_blocking(move || deleter.delete(&key_id)).await;
                }
            });
        }
        made
    }

    async fn in_time<T>(&self, work: &mut JoinHandle<Result<T, ProviderError>>) -> Result<T, ProviderError> {
        let after = self.options.provider_timeout;
        match timeout(after, work).await {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => Err(ProviderError::Other { reason: error.to_string() }),
            Err(_) => Err(ProviderError::TimedOut { after }),
        }
    }
}

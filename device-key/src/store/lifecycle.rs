//! Creating, listing, replacing and deleting keys.

use std::collections::HashSet;

use super::{DeviceKey, DeviceKeyStore, Orphans, Rotated};
use crate::{
    Binding, BoxError, DeviceKeyError, DeviceKeyProvider, KeyId, ProtectionClass, ProtectionPolicy,
    ProviderError, PublicKey, StoredBinding,
};

/// Makes the error of the store of bindings.
pub(super) fn bindings(action: &'static str) -> impl FnOnce(BoxError) -> DeviceKeyError {
    move |source| DeviceKeyError::Bindings { action, source }
}

impl DeviceKeyStore {
    /// Makes a key of the strongest class that is available and allowed, and binds it.
    ///
    /// If the binding cannot be stored, the key is deleted again. It goes on if the caller drops
    /// the future. A process that is killed leaves at most a half that signs nothing and that
    /// [`check`](Self::check) finds.
    ///
    /// # Errors
    ///
    /// * [`DeviceKeyError::Binding`]: nothing was made.
    /// * [`DeviceKeyError::Policy`] names the class that a weaker policy would give.
    /// * [`DeviceKeyError::Provider`], [`DeviceKeyError::Bindings`].
    pub async fn create(
        &self,
        policy: ProtectionPolicy,
        binding: Binding,
    ) -> Result<DeviceKey, DeviceKeyError> {
        binding.check()?;
        let store = self.clone();
        detached(async move { store.create_bound(policy, binding).await }).await
    }

    async fn create_bound(
        &self,
        policy: ProtectionPolicy,
        binding: Binding,
    ) -> Result<DeviceKey, DeviceKeyError> {
        let (key_id, public_key) = self.make_strongest(policy).await?;
        let now = self.options.clock.now();
        match self.bindings.put(&key_id, &binding, now).await {
            Ok(()) => {
                let stored = StoredBinding { key_id, binding, created_at: now, updated_at: now };
                Ok(DeviceKey { stored, public_key })
            }
            Err(source) => {
                // The binding may have been stored although the answer was lost. What cannot be
                // deleted now is a half that `check` finds.
                let _ = self.call("delete", &key_id, DeviceKeyProvider::delete).await;
                let _ = self.bindings.delete(&key_id).await;
                Err(bindings("store")(source))
            }
        }
    }

    /// Makes a key of the strongest class that the policy allows.
    async fn make_strongest(&self, policy: ProtectionPolicy) -> Result<(KeyId, PublicKey), DeviceKeyError> {
        let mut reasons = Vec::new();
        for provider in self.providers.iter().filter(|provider| policy.allows(provider.class())) {
            let (action, class) = ("create", provider.class());
            match self.make(provider).await {
                Err(ProviderError::Unavailable { reason }) => reasons.push(reason),
                made => return made.map_err(|source| DeviceKeyError::Provider { action, class, source }),
            }
        }
        if reasons.is_empty() {
            reasons.push("this platform has none".to_owned());
        }
        let available = self.strongest_forbidden(policy).await;
        Err(DeviceKeyError::Policy { policy, available, reason: reasons.join("; ") })
    }

    /// Returns the strongest class that is available and not allowed.
    async fn strongest_forbidden(&self, policy: ProtectionPolicy) -> Option<ProtectionClass> {
        for provider in self.providers.iter().filter(|provider| !policy.allows(provider.class())) {
            if self.ask(provider, DeviceKeyProvider::probe).await.is_ok() {
                return Some(provider.class());
            }
        }
        None
    }

    /// Returns a key with its public part.
    ///
    /// # Errors
    ///
    /// [`DeviceKeyError::NotBound`], [`DeviceKeyError::Provider`], [`DeviceKeyError::Bindings`].
    pub async fn public(&self, key_id: &KeyId) -> Result<DeviceKey, DeviceKeyError> {
        let stored = self.bound(key_id).await?;
        let public_key = self.call("read", key_id, DeviceKeyProvider::public_key).await?;
        Ok(DeviceKey { stored, public_key })
    }

    /// Lists all bindings, the oldest first.
    ///
    /// # Errors
    ///
    /// [`DeviceKeyError::Bindings`].
    pub async fn list(&self) -> Result<Vec<StoredBinding>, DeviceKeyError> {
        self.bindings.list().await.map_err(bindings("read"))
    }

    /// Makes a new key with the binding of another one, and then deletes the other.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create), and [`DeviceKeyError::NotBound`]. The old key is as it was.
    pub async fn rotate(&self, policy: ProtectionPolicy, key_id: &KeyId) -> Result<Rotated, DeviceKeyError> {
        let binding = self.bound(key_id).await?.binding;
        let (store, old) = (self.clone(), key_id.clone());
        detached(async move {
            let key = store.create_bound(policy, binding).await?;
            let left = store.delete_both(&old).await.err();
            Ok(Rotated { key, left })
        })
        .await
    }

    /// Deletes a key and its binding, or the half that is there.
    ///
    /// # Errors
    ///
    /// * [`DeviceKeyError::NotBound`]: there is neither.
    /// * [`DeviceKeyError::Provider`], [`DeviceKeyError::Bindings`]: try again.
    pub async fn delete(&self, key_id: &KeyId) -> Result<(), DeviceKeyError> {
        let (store, key_id) = (self.clone(), key_id.clone());
        detached(async move { store.delete_both(&key_id).await }).await
    }

    /// The key goes first: a binding without a key is still listed, and can be deleted again.
    async fn delete_both(&self, key_id: &KeyId) -> Result<(), DeviceKeyError> {
        let had_key = self.call("delete", key_id, DeviceKeyProvider::delete).await?;
        let had_binding = self.bindings.delete(key_id).await.map_err(bindings("delete"))?;
        if had_key || had_binding { Ok(()) } else { Err(DeviceKeyError::NotBound(key_id.clone())) }
    }

    /// Finds keys without a binding, and bindings without a key.
    ///
    /// # Errors
    ///
    /// [`DeviceKeyError::Provider`], [`DeviceKeyError::Bindings`].
    pub async fn check(&self) -> Result<Orphans, DeviceKeyError> {
        // Twice, so that a key that comes or goes meanwhile is not taken for a half.
        let (before, listed) = self.keys().await?;
        let bound: HashSet<KeyId> = self.list().await?.into_iter().map(|stored| stored.key_id).collect();
        let (after, _) = self.keys().await?;
        let sorted = |keys: &mut dyn Iterator<Item = &KeyId>| {
            let mut keys: Vec<KeyId> = keys.cloned().collect();
            keys.sort_unstable();
            keys
        };
        let is_listed = |key_id: &&KeyId| listed.contains(&key_id.class());
        let is_gone = |key_id: &&KeyId| !before.contains(*key_id) && !after.contains(*key_id);
        Ok(Orphans {
            without_binding: sorted(
                &mut before.intersection(&after).filter(|key_id| !bound.contains(*key_id)),
            ),
            without_key: sorted(&mut bound.iter().filter(is_gone).filter(is_listed)),
            unknown: sorted(&mut bound.iter().filter(|key_id| !is_listed(key_id))),
        })
    }

    /// Lists the keys of all providers that are available, and their classes.
    async fn keys(&self) -> Result<(HashSet<KeyId>, HashSet<ProtectionClass>), DeviceKeyError> {
        let (mut keys, mut listed) = (HashSet::new(), HashSet::new());
        for provider in &self.providers {
            let class = provider.class();
            match self.ask(provider, DeviceKeyProvider::list).await {
                Ok(found) => {
                    keys.extend(found);
                    listed.insert(class);
                }
                Err(ProviderError::Unavailable { .. }) => {}
                Err(source) => return Err(DeviceKeyError::Provider { action: "list", class, source }),
            }
        }
        Ok((keys, listed))
    }

    /// Returns the binding of a key.
    pub(super) async fn bound(&self, key_id: &KeyId) -> Result<StoredBinding, DeviceKeyError> {
        let stored = self.bindings.get(key_id).await.map_err(bindings("read"))?;
        stored.ok_or_else(|| DeviceKeyError::NotBound(key_id.clone()))
    }
}

/// Runs a change in a task of its own, so that it ends as a whole if the caller drops it.
async fn detached<T: Send + 'static>(
    change: impl Future<Output = Result<T, DeviceKeyError>> + Send + 'static,
) -> Result<T, DeviceKeyError> {
    match tokio::spawn(change).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(DeviceKeyError::Stopped),
    }
}

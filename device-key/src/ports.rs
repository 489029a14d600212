//! The two ports: the storage of bindings, and the providers of keys.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{Binding, BoxError, KeyId, StoredBinding};
#[cfg(feature = "signing")]
use crate::{ProtectionClass, ProviderError, PublicKey, Signature};

/// Storage of bindings, keyed by the key's id. The conformance suite (feature `testing`) proves an
/// implementation.
///
/// A write is on the disk when it returns: a binding cannot be made again.
#[async_trait]
pub trait DeviceKeyBindingStore: Send + Sync + 'static {
    /// Reads the binding of a key.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn get(&self, key_id: &KeyId) -> Result<Option<StoredBinding>, BoxError>;

    /// Stores the binding of a key, in place of an earlier one. `created_at` of an earlier one
    /// stays.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn put(&self, key_id: &KeyId, binding: &Binding, now: Timestamp) -> Result<(), BoxError>;

    /// Reads all bindings, the oldest first, and by their ids where the times are equal.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn list(&self) -> Result<Vec<StoredBinding>, BoxError>;

    /// Deletes the binding of a key. Returns false if there is none.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn delete(&self, key_id: &KeyId) -> Result<bool, BoxError>;
}

/// Keys of one protection class. It knows nothing of accounts.
///
/// Every call may block, also for a long time, and is made on a blocking thread. Calls come from
/// several threads and processes at once.
#[cfg(feature = "signing")]
pub trait DeviceKeyProvider: Send + Sync + 'static {
    /// Returns the class of its keys.
    fn class(&self) -> ProtectionClass;

    /// Checks that keys can be made, without making one.
    ///
    /// # Errors
    ///
    /// [`ProviderError::Unavailable`] with the reason, or the error that making one would have.
    fn probe(&self) -> Result<(), ProviderError>;

    /// Makes a key that outlives the process.
    ///
    /// # Errors
    ///
    /// Any [`ProviderError`]; [`ProviderError::Unavailable`] lets the caller try a weaker class.
    /// Nothing was made.
    fn create(&self) -> Result<(KeyId, PublicKey), ProviderError>;

    /// Reads a key's public part.
    ///
    /// # Errors
    ///
    /// Any [`ProviderError`]; [`ProviderError::NoSuchKey`] if it has no such key.
    fn public_key(&self, key_id: &KeyId) -> Result<PublicKey, ProviderError>;

    /// Signs a SHA-256 digest.
    ///
    /// # Errors
    ///
    /// As [`public_key`](Self::public_key).
    fn sign(&self, key_id: &KeyId, digest: &[u8; 32]) -> Result<Signature, ProviderError>;

    /// Deletes a key for good. Returns false if it has no such key.
    ///
    /// # Errors
    ///
    /// Any [`ProviderError`].
    fn delete(&self, key_id: &KeyId) -> Result<bool, ProviderError>;

    /// Lists its keys, half-made ones included.
    ///
    /// # Errors
    ///
    /// Any [`ProviderError`].
    fn list(&self) -> Result<Vec<KeyId>, ProviderError>;
}

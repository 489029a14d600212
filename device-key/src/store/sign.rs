//! Signing: every check comes before the provider.

use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;

use super::DeviceKeyStore;
use crate::replay::NonceError;
use crate::{DeviceKeyError, KeyId, ProviderError, SignPayload, Signature};

/// A signature: ECDSA on P-256 with SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The signature, with a low S.
    pub signature: Signature,
    /// The bytes that were signed, exactly.
    pub signed_bytes: Vec<u8>,
}

impl DeviceKeyStore {
    /// Signs a payload.
    ///
    /// The provider is asked only for a payload that is valid, for the account and the client of
    /// the key, and that has a new nonce. The signature is checked with the stored public key
    /// before it is returned.
    ///
    /// # Errors
    ///
    /// * [`DeviceKeyError::Payload`], [`NotBound`](DeviceKeyError::NotBound),
    ///   [`OtherAccount`](DeviceKeyError::OtherAccount),
    ///   [`OtherClient`](DeviceKeyError::OtherClient), [`Replayed`](DeviceKeyError::Replayed): the
    ///   provider was not asked.
    /// * [`DeviceKeyError::Provider`]: the same payload can be tried again.
    /// * [`DeviceKeyError::Bindings`], [`DeviceKeyError::Nonces`],
    ///   [`DeviceKeyError::NoncesLocked`].
    pub async fn sign(&self, key_id: &KeyId, payload: &SignPayload) -> Result<Signed, DeviceKeyError> {
        self.authorize(key_id, payload).await?;
        let signed_bytes = payload.to_signed_bytes();
        let digest: [u8; 32] = Sha256::digest(&signed_bytes).into();
        let signed = self.call("sign with", key_id, move |provider, key_id| {
            let signature = provider.sign(key_id, &digest)?;
            let is_ours = provider.public_key(key_id)?.verifies(&digest, &signature);
            if is_ours { Ok(signature) } else { Err(ProviderError::OtherKey) }
        });
        match signed.await {
            Ok(signature) => Ok(Signed { signature, signed_bytes }),
            Err(error) => {
                // No signature has left, so the payload may be tried again.
                let (nonces, nonce) = (self.nonces.clone(), payload.fields().nonce.to_owned());
                let _ = spawn_blocking(move || nonces.release(&nonce)).await;
                Err(error)
            }
        }
    }

    /// Checks that the key may sign the payload, and uses up the nonce.
    async fn authorize(&self, key_id: &KeyId, payload: &SignPayload) -> Result<(), DeviceKeyError> {
        let now = self.options.clock.now();
        payload.check(&self.options.targets, now)?;
        let fields = payload.fields();
        let binding = self.bound(key_id).await?.binding;
        if fields.account_user_id != binding.account_user_id {
            return Err(DeviceKeyError::OtherAccount(key_id.clone()));
        }
        if fields.client_id != binding.client_id {
            return Err(DeviceKeyError::OtherClient(key_id.clone()));
        }
        let (nonces, nonce, expires_at_ms) =
            (self.nonces.clone(), fields.nonce.to_owned(), fields.expires_at_ms);
        let reserve = move || nonces.reserve(&nonce, expires_at_ms, now.as_millisecond());
        let reserved =
            spawn_blocking(reserve).await.unwrap_or_else(|error| Err(NonceError::Io(error.into())));
        let failed = |error| match error {
            NonceError::Locked { path, after } => DeviceKeyError::NoncesLocked { path, after },
            NonceError::Io(source) => DeviceKeyError::Nonces { path: self.nonces.path().to_owned(), source },
        };
        if reserved.map_err(failed)? { Ok(()) } else { Err(DeviceKeyError::Replayed) }
    }
}

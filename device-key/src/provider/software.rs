//! Keys in files, for machines without hardware and for tests.

use std::path::PathBuf;

use p256::SecretKey;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use zeroize::Zeroizing;

use super::folder::KeyFolder;
use crate::{DeviceKeyProvider, KeyId, ProtectionClass, ProviderError, PublicKey, Signature};

/// Keys in files of the user: PKCS#8 in DER form, each in a file of mode 0600, in a folder of mode
/// 0700. **Every program that can read the user's files can copy them.** So only the policy
/// [`AllowSoftware`](crate::ProtectionPolicy::AllowSoftware) makes one.
///
/// A key is in memory only while it signs, and the memory is cleared.
#[derive(Debug, Clone)]
pub struct SoftwareProvider {
    folder: KeyFolder,
}

impl SoftwareProvider {
    /// Uses a folder, which is created with the first key.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: KeyFolder::new(folder.into(), ProtectionClass::Software) }
    }

    /// Checks that other users cannot open the folder, as [`create`](DeviceKeyProvider::create)
    /// does. A folder that does not exist is no problem, and is not created.
    ///
    /// # Errors
    ///
    /// [`ProviderError::Exposed`], [`ProviderError::Io`].
    pub fn check_folder(&self) -> Result<(), ProviderError> {
        self.folder.check()
    }

    fn load(&self, key_id: &KeyId) -> Result<SecretKey, ProviderError> {
        let content = self.folder.load(key_id)?;
        let damaged = |_| ProviderError::Damaged { path: self.folder.file(key_id) };
        SecretKey::from_pkcs8_der(&content).map_err(damaged)
    }
}

impl DeviceKeyProvider for SoftwareProvider {
    fn class(&self) -> ProtectionClass {
        ProtectionClass::Software
    }

    fn probe(&self) -> Result<(), ProviderError> {
        self.folder.prepare()
    }

    fn create(&self) -> Result<(KeyId, PublicKey), ProviderError> {
        let other = |reason: String| ProviderError::Other { reason };
        let secret = random_key()?;
        let key_id = KeyId::random(self.class()).map_err(|error| other(error.to_string()))?;
        let content = secret.to_pkcs8_der().map_err(|error| other(error.to_string()))?;
        self.folder.store(&key_id, content.as_bytes())?;
        Ok((key_id, secret.public_key().into()))
    }

    fn public_key(&self, key_id: &KeyId) -> Result<PublicKey, ProviderError> {
        Ok(self.load(key_id)?.public_key().into())
    }

    fn sign(&self, key_id: &KeyId, digest: &[u8; 32]) -> Result<Signature, ProviderError> {
        sign(self.load(key_id)?, digest)
    }

    fn delete(&self, key_id: &KeyId) -> Result<bool, ProviderError> {
        self.folder.delete(key_id)
    }

    fn list(&self) -> Result<Vec<KeyId>, ProviderError> {
        self.folder.list()
    }
}

/// Makes a private key of the system's random bytes.
pub(crate) fn random_key() -> Result<SecretKey, ProviderError> {
    let mut bytes = Zeroizing::new([0; 32]);
    loop {
        getrandom::fill(&mut *bytes).map_err(|error| ProviderError::Other { reason: error.to_string() })?;
        // Zero and numbers beyond the curve's order are no keys; that is one case in 2^32.
        if let Ok(key) = SecretKey::from_slice(&*bytes) {
            return Ok(key);
        }
    }
}

/// Signs with a key in memory, and clears it.
pub(crate) fn sign(key: SecretKey, digest: &[u8; 32]) -> Result<Signature, ProviderError> {
    let signature: Result<p256::ecdsa::Signature, _> = SigningKey::from(key).sign_prehash(digest);
    signature.map(Signature::from).map_err(|error| ProviderError::Other { reason: error.to_string() })
}

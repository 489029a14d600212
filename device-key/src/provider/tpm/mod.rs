//! Keys in a TPM 2.0. The TPM is spoken to by a helper process: see the crate's documentation.
//!
//! A key is made below the TPM's primary storage key, which the TPM derives again each time. Its
//! private part leaves the TPM only encrypted for the same TPM, and is stored so in a file.

mod device;
mod file;
mod helper;
mod protocol;
mod serve;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use self::file::KeyFile;
use self::helper::Helper;
use self::protocol::{Blob, Call, Reply};
use super::folder::KeyFolder;
use crate::{DeviceKeyProvider, KeyId, ProtectionClass, ProviderError, PublicKey, Signature};

pub use serve::help;

/// The kernel's TPM, behind its resource manager.
pub const DEFAULT_TCTI: &str = "device:/dev/tpmrm0";

/// Keys in a TPM 2.0.
#[derive(Debug, Clone)]
pub struct TpmProvider {
    folder: KeyFolder,
    helper: Helper,
}

impl TpmProvider {
    /// Uses a folder for the keys' files, which is created with the first key, and a program that
    /// calls [`help`] with its arguments. It uses [`DEFAULT_TCTI`], and a call may take 30 s.
    #[must_use]
    pub fn new(
        folder: impl Into<PathBuf>,
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Self {
        let folder = folder.into();
        let helper = Helper {
            program: program.into(),
            arguments: arguments.into_iter().collect(),
            tcti: DEFAULT_TCTI.to_owned(),
            lock: folder.join("tpm.lock"),
            timeout: Duration::from_secs(30),
        };
        Self { folder: KeyFolder::new(folder, ProtectionClass::HardwareTpm), helper }
    }

    /// Chooses the TPM, in libtss2's words: `device:/dev/tpmrm0`, `swtpm:port=2321`.
    #[must_use]
    pub fn with_tcti(mut self, tcti: impl Into<String>) -> Self {
        self.helper.tcti = tcti.into();
        self
    }

    /// Sets the longest time that a call may take, the wait for other processes included.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.helper.timeout = timeout;
        self
    }

    fn load(&self, key_id: &KeyId) -> Result<KeyFile, ProviderError> {
        let content = self.folder.load(key_id)?;
        KeyFile::read(&content, key_id)
            .ok_or_else(|| ProviderError::Damaged { path: self.folder.file(key_id) })
    }
}

impl DeviceKeyProvider for TpmProvider {
    fn class(&self) -> ProtectionClass {
        ProtectionClass::HardwareTpm
    }

    fn probe(&self) -> Result<(), ProviderError> {
        self.folder.prepare()?;
        match self.helper.call(Call::Probe)? {
            Reply::Ready => Ok(()),
            other => Err(other.unexpected()),
        }
    }

    fn create(&self) -> Result<(KeyId, PublicKey), ProviderError> {
        self.folder.prepare()?;
        let (point, blob) = match self.helper.call(Call::Create)? {
            Reply::Created { point, blob } => (point, blob),
            other => return Err(other.unexpected()),
        };
        let other = |reason: String| ProviderError::Other { reason };
        let key_id = KeyId::random(self.class()).map_err(|error| other(error.to_string()))?;
        let file = KeyFile::new(&key_id, point, blob);
        let public_key = file.public_key().ok_or_else(|| other("the TPM made no key of P-256".to_owned()))?;
        self.folder.store(&key_id, &file.to_bytes())?;
        Ok((key_id, public_key))
    }

    fn public_key(&self, key_id: &KeyId) -> Result<PublicKey, ProviderError> {
        let damaged = || ProviderError::Damaged { path: self.folder.file(key_id) };
        self.load(key_id)?.public_key().ok_or_else(damaged)
    }

    fn sign(&self, key_id: &KeyId, digest: &[u8; 32]) -> Result<Signature, ProviderError> {
        let Blob { public, private } = self.load(key_id)?.blob;
        let call = Call::Sign { blob: Blob { public, private }, digest: digest.to_vec() };
        let signature = match self.helper.call(call)? {
            Reply::Signed { r, s } => <[u8; 32]>::try_from(r).ok().zip(<[u8; 32]>::try_from(s).ok()),
            other => return Err(other.unexpected()),
        };
        let signature = signature.and_then(|(r, s)| Signature::from_scalars(r, s));
        signature.ok_or_else(|| ProviderError::Other { reason: "the TPM gave no signature".to_owned() })
    }

    fn delete(&self, key_id: &KeyId) -> Result<bool, ProviderError> {
        self.folder.delete(key_id)
    }

    fn list(&self) -> Result<Vec<KeyId>, ProviderError> {
        self.folder.list()
    }
}

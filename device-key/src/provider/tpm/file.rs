//! The file of a key: JSON with its public point, and the two parts as the TPM gave them out.

use serde::{Deserialize, Serialize};

use super::protocol::{Blob, base64};
use crate::{KeyId, PublicKey};

/// Version of the form.
const VERSION: u32 = 1;

/// Content of a key's file.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    version: u32,
    /// So that files that changed places are noticed.
    key_id: String,
    /// Public key in SEC 1 form, with which each signature is checked.
    #[serde(with = "base64")]
    point: Vec<u8>,
    /// The key as the TPM loads it.
    pub(super) blob: Blob,
}

impl KeyFile {
    pub(super) fn new(key_id: &KeyId, point: Vec<u8>, blob: Blob) -> Self {
        Self { version: VERSION, key_id: key_id.to_string(), point, blob }
    }

    /// Reads the file of a key. `None` if it has something else in it.
    pub(super) fn read(content: &[u8], key_id: &KeyId) -> Option<Self> {
        let file: Self = serde_json::from_slice(content).ok()?;
        (file.version == VERSION && file.key_id == key_id.as_str()).then_some(file)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("the fields are texts and a number")
    }

    pub(super) fn public_key(&self) -> Option<PublicKey> {
        PublicKey::from_sec1(&self.point)
    }
}

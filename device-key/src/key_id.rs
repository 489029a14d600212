//! Ids of keys: the class of the key, and 32 random bytes.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use crate::ProtectionClass;

/// Random bytes of an id.
const BYTES: usize = 32;

/// Id of a key, such as `dk_sw_` and 43 characters. It says where the key lives, and nothing else
/// about it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId {
    // First, so that ids are ordered as their texts.
    text: String,
    class: ProtectionClass,
}

/// A text that is no key id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "not a device key id: one is `dk_hse_`, `dk_tpm_`, `dk_osn_` or `dk_sw_`, followed by 43 characters of \
     unpadded base64url (32 bytes)"
)]
pub struct BadKeyId;

impl KeyId {
    /// Makes the id of a new key.
    ///
    /// # Errors
    ///
    /// The system has no random bytes.
    #[cfg(feature = "signing")]
    pub fn random(class: ProtectionClass) -> Result<Self, std::io::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
        Ok(Self { class, text: format!("{}{}", class.prefix(), URL_SAFE_NO_PAD.encode(bytes)) })
    }

    /// Returns the class of the key.
    #[must_use]
    pub fn class(&self) -> ProtectionClass {
        self.class
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for KeyId {
    type Err = BadKeyId;

    fn from_str(text: &str) -> Result<Self, BadKeyId> {
        let parts = |class: ProtectionClass| Some((class, text.strip_prefix(class.prefix())?));
        let (class, rest) = ProtectionClass::ALL.into_iter().find_map(parts).ok_or(BadKeyId)?;
        let bytes = URL_SAFE_NO_PAD.decode(rest).map_err(|_| BadKeyId)?;
        if bytes.len() == BYTES { Ok(Self { class, text: text.to_owned() }) } else { Err(BadKeyId) }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

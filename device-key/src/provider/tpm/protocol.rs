//! Words between a provider and its helper: one call, one reply, both JSON.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ProviderError;

/// Beginning of the reply's line. Whatever else the helper prints is no reply.
pub(super) const MARK: &str = "threadkeep-tpm-reply ";

/// A call, with all that the helper needs to know.
#[derive(Deserialize, Serialize)]
pub(super) struct Request {
    pub(super) tcti: String,
    /// File whose lock lets one process use the TPM at a time.
    pub(super) lock: PathBuf,
    pub(super) timeout: Duration,
    pub(super) call: Call,
}

#[derive(Deserialize, Serialize)]
pub(super) enum Call {
    Probe,
    Create,
    Sign {
        blob: Blob,
        #[serde(with = "base64")]
        digest: Vec<u8>,
    },
}

/// A key as the TPM gives it out. The private part is encrypted for that TPM.
#[derive(Deserialize, Serialize)]
pub(super) struct Blob {
    #[serde(with = "base64")]
    pub(super) public: Vec<u8>,
    #[serde(with = "base64")]
    pub(super) private: Vec<u8>,
}

#[derive(Deserialize, Serialize)]
pub(super) enum Reply {
    Ready,
    Created {
        #[serde(with = "base64")]
        point: Vec<u8>,
        blob: Blob,
    },
    Signed {
        #[serde(with = "base64")]
        r: Vec<u8>,
        #[serde(with = "base64")]
        s: Vec<u8>,
    },
    Refused(Refusal),
}

/// The reason why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Refusal {
    Unavailable(String),
    OtherTpm,
    Lockout,
    Busy,
    OtherKey,
    TimedOut(Duration),
    Other(String),
}

impl Reply {
    /// Finds the reply in a helper's output.
    pub(super) fn find(output: &str) -> Option<Self> {
        let line = output.lines().find_map(|line| line.strip_prefix(MARK))?;
        serde_json::from_str(line).ok()
    }

    /// Returns the error of a reply that does not answer the call.
    pub(super) fn unexpected(self) -> ProviderError {
        match self {
            Self::Refused(Refusal::Unavailable(reason)) => ProviderError::Unavailable { reason },
            Self::Refused(Refusal::OtherTpm) => ProviderError::OtherTpm,
            Self::Refused(Refusal::Lockout) => ProviderError::Lockout,
            Self::Refused(Refusal::Busy) => ProviderError::Busy,
            Self::Refused(Refusal::OtherKey) => ProviderError::OtherKey,
            Self::Refused(Refusal::TimedOut(after)) => ProviderError::TimedOut { after },
            Self::Refused(Refusal::Other(reason)) => ProviderError::Other { reason },
            Self::Ready | Self::Created { .. } | Self::Signed { .. } => {
                ProviderError::Other { reason: "the TPM's helper answered another call".to_owned() }
            }
        }
    }
}

/// Bytes as base64 in JSON.
pub(super) mod base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(in super::super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

//! Errors: one type an action, one variant a remedy.

#[cfg(feature = "signing")]
use std::{io, path::PathBuf, time::Duration};

use thiserror::Error;

use crate::text::TextProblem;
#[cfg(feature = "signing")]
use crate::{BindingError, KeyId, ProtectionClass, ProtectionPolicy};

/// An error from behind a port.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A payload that is not signed, whatever the key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// It is not the JSON of a payload.
    #[error("not a payload: {reason}")]
    Form {
        /// The parser's words.
        reason: String,
    },
    /// A text is empty, too long, or has a control character.
    #[error("the payload's {field} {problem}")]
    Text {
        /// The field.
        field: &'static str,
        /// The problem.
        problem: TextProblem,
    },
    /// There are too many scopes.
    #[error("the payload has more than {most} scopes")]
    TooManyScopes {
        /// Most scopes.
        most: usize,
    },
    /// The nonce is not base64url, or too short.
    #[error("the payload's nonce is not unpadded base64url of at least 32 bytes")]
    Nonce,
    /// A SHA-256 has another form.
    #[error("the payload's {field} is not unpadded base64url of 32 bytes")]
    Digest {
        /// The field.
        field: &'static str,
    },
    /// The target is not reached by https.
    #[error("the target origin {origin} is not https")]
    NotHttps {
        /// The origin.
        origin: String,
    },
    /// The target is not one of the allowed ones.
    #[error("the target origin {origin} is not allowed")]
    OriginNotAllowed {
        /// The origin.
        origin: String,
    },
    /// The path is not one of the allowed ones.
    #[error("the target path {path} is not allowed")]
    PathNotAllowed {
        /// The path.
        path: String,
    },
    /// Its time is over.
    #[error("the payload has expired")]
    Expired {
        /// The end of its life, in Unix milliseconds.
        at_ms: i64,
    },
    /// It lives longer than 15 minutes.
    #[error("the payload expires more than 15 minutes from now")]
    TooLong {
        /// The end of its life, in Unix milliseconds.
        at_ms: i64,
    },
}

/// A provider that could not do what it was asked for.
#[cfg(feature = "signing")]
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// The provider cannot be used here: no device, no permission, not part of this build.
    #[error("{reason}")]
    Unavailable {
        /// The reason.
        reason: String,
    },
    /// The provider has no such key.
    #[error("the key is not there")]
    NoSuchKey,
    /// Other users may read or write where the keys are.
    #[error("{} is open to other users", path.display())]
    Exposed {
        /// The file or folder.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// Action: `read`, `create`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A key's file has something else in it.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The TPM does not take the key. The three reasons give one code.
    #[error(
        "the TPM refuses the key: it is of another TPM, the TPM was cleared, or the key's file is damaged"
    )]
    OtherTpm,
    /// The TPM refuses to work after too many failures.
    #[error("the TPM is in lockout")]
    Lockout,
    /// Other programs use all that the TPM has room for.
    #[error("the TPM has no room: other programs use it")]
    Busy,
    /// Another key than the asked one has signed. The signature was discarded.
    #[error("another key has signed; the signature was discarded")]
    OtherKey,
    /// There was no answer in time. The call is abandoned.
    #[error("no answer within {} s", after.as_secs_f32())]
    TimedOut {
        /// The limit.
        after: Duration,
    },
    /// Anything else.
    #[error("{reason}")]
    Other {
        /// The reason.
        reason: String,
    },
}

/// A use of the [`DeviceKeyStore`](crate::DeviceKeyStore) that failed.
#[cfg(feature = "signing")]
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeviceKeyError {
    /// The binding cannot be stored.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The payload is not signed by any key.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The key has no binding: it was deleted, never finished, or the database is older than it.
    #[error("the key {0} has no binding here, and signs nothing")]
    NotBound(KeyId),
    /// The payload is for another account than the key.
    #[error("the payload is for another account than the key {0}")]
    OtherAccount(KeyId),
    /// The payload is for another client than the key.
    #[error("the payload is for another client than the key {0}")]
    OtherClient(KeyId),
    /// A payload with the same nonce was signed before.
    #[error("a payload with this nonce was signed before")]
    Replayed,
    /// The record of used nonces cannot be read or written.
    #[error("cannot use the record of nonces {}", path.display())]
    Nonces {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// Another process holds the lock of the record of used nonces. Nothing was signed.
    #[error(
        "cannot use the record of nonces: another process has held {} for {} s",
        path.display(), after.as_secs_f32()
    )]
    NoncesLocked {
        /// The lock's file.
        path: PathBuf,
        /// The limit of the wait.
        after: Duration,
    },
    /// No provider that the policy allows is available.
    #[error("no key of the policy {policy} can be made: {reason}")]
    Policy {
        /// The policy.
        policy: ProtectionPolicy,
        /// The strongest class that is available.
        available: Option<ProtectionClass>,
        /// The reason why stronger ones are not.
        reason: String,
    },
    /// A provider failed.
    #[error("cannot {action} a {class} key")]
    Provider {
        /// Action: `create`, `sign with`, …
        action: &'static str,
        /// Class of the key.
        class: ProtectionClass,
        /// The provider's error.
        #[source]
        source: ProviderError,
    },
    /// The store of bindings failed.
    #[error("cannot {action} the binding")]
    Bindings {
        /// Action: `read`, `store`, …
        action: &'static str,
        /// The store's error.
        #[source]
        source: BoxError,
    },
    /// The runtime ended while the change was being made.
    #[error("the runtime has ended")]
    Stopped,
}

//! Bindings: the account and the client that a key signs for.

use jiff::Timestamp;
use thiserror::Error;

use crate::KeyId;
use crate::text::{TextProblem, check};

/// The account and the client that a key signs for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Id of the user's account.
    pub account_user_id: String,
    /// Id of the client.
    pub client_id: String,
}

/// A binding that cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the {part} {problem}")]
#[non_exhaustive]
pub struct BindingError {
    /// Part of the binding: `account user id` or `client id`.
    pub part: &'static str,
    /// The problem.
    pub problem: TextProblem,
}

impl Binding {
    /// Checks that both parts can be stored and signed.
    ///
    /// # Errors
    ///
    /// A part is empty, has a control character, or more than 256 bytes.
    pub fn check(&self) -> Result<(), BindingError> {
        let parts = [("account user id", &self.account_user_id), ("client id", &self.client_id)];
        for (part, text) in parts {
            check(text).map_err(|problem| BindingError { part, problem })?;
        }
        Ok(())
    }
}

/// A binding as it is stored: a row of `device_key_bindings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBinding {
    /// The key.
    pub key_id: KeyId,
    /// Its account and client.
    pub binding: Binding,
    /// First time that a binding of the key was stored.
    pub created_at: Timestamp,
    /// Last time.
    pub updated_at: Timestamp,
}

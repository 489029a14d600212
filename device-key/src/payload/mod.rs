//! Payloads: the structured texts that a key signs. Nothing else is ever signed.

mod bytes;
mod check;
mod target;

use serde::{Deserialize, Serialize};

use crate::PayloadError;

pub use target::AllowedTargets;

/// A payload, as JSON with a `type`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignPayload {
    /// A client that is enrolled connects for remote control.
    RemoteControlClientConnection(ClientConnection),
    /// A client enrols for remote control.
    RemoteControlClientEnrolment(ClientEnrolment),
}

/// Payload of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConnection {
    /// At least 32 random bytes in unpadded base64url, from the server; each signs once.
    pub nonce: String,
    /// Service that the signature is for.
    pub audience: String,
    /// Session to which the client connects.
    pub session_id: String,
    /// Origin of the server, such as `https://example.com`.
    pub target_origin: String,
    /// Path on the server.
    pub target_path: String,
    /// Account of the user, as in the key's binding.
    pub account_user_id: String,
    /// Client, as in the key's binding.
    pub client_id: String,
    /// End of the payload's life in Unix milliseconds, at most 15 minutes ahead.
    pub expires_at_ms: i64,
    /// SHA-256 of the access token, in unpadded base64url.
    pub token_sha256: String,
    /// Permissions that the client asks for, at least one.
    pub scopes: Vec<String>,
}

/// Payload of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClientEnrolment {
    /// At least 32 random bytes in unpadded base64url, from the server; each signs once.
    pub nonce: String,
    /// Service that the signature is for.
    pub audience: String,
    /// Challenge of the server that the signature answers.
    pub challenge_id: String,
    /// Origin of the server, such as `https://example.com`.
    pub target_origin: String,
    /// Path on the server.
    pub target_path: String,
    /// Account of the user, as in the key's binding.
    pub account_user_id: String,
    /// Client, as in the key's binding.
    pub client_id: String,
    /// End of the payload's life in Unix milliseconds, at most 15 minutes ahead.
    pub expires_at_ms: i64,
    /// SHA-256 of the device's identity, in unpadded base64url.
    pub identity_sha256: String,
    /// Permissions that the client asks for. May be empty: an enrolment alone asks for none.
    pub scopes: Vec<String>,
}

impl SignPayload {
    /// Reads a payload from JSON.
    ///
    /// # Errors
    ///
    /// [`PayloadError::Form`]: an unknown type, a missing or an unknown field.
    pub fn from_json(json: &[u8]) -> Result<Self, PayloadError> {
        serde_json::from_slice(json).map_err(|error| PayloadError::Form { reason: error.to_string() })
    }

    /// Returns the fields that every payload has.
    pub(crate) fn fields(&self) -> Fields<'_> {
        match self {
            Self::RemoteControlClientConnection(payload) => Fields {
                nonce: &payload.nonce,
                target_origin: &payload.target_origin,
                target_path: &payload.target_path,
                account_user_id: &payload.account_user_id,
                client_id: &payload.client_id,
                expires_at_ms: payload.expires_at_ms,
                audience: &payload.audience,
                subject: ("session_id", &payload.session_id),
                sha256: ("token_sha256", &payload.token_sha256),
                scopes: &payload.scopes,
                needs_scopes: true,
            },
            Self::RemoteControlClientEnrolment(payload) => Fields {
                nonce: &payload.nonce,
                target_origin: &payload.target_origin,
                target_path: &payload.target_path,
                account_user_id: &payload.account_user_id,
                client_id: &payload.client_id,
                expires_at_ms: payload.expires_at_ms,
                audience: &payload.audience,
                subject: ("challenge_id", &payload.challenge_id),
                sha256: ("identity_sha256", &payload.identity_sha256),
                scopes: &payload.scopes,
                needs_scopes: false,
            },
        }
    }
}

/// Fields of any payload; two of them with their names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) target_origin: &'a str,
    pub(crate) target_path: &'a str,
    pub(crate) account_user_id: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) expires_at_ms: i64,
    audience: &'a str,
    subject: (&'static str, &'a str),
    sha256: (&'static str, &'a str),
    scopes: &'a [String],
    needs_scopes: bool,
}

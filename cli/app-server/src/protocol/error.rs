//! Errors of the protocol.

use serde_json::{Value, json};
use uuid::Uuid;

use super::protocol;

/// The line is not JSON.
pub const PARSE_ERROR: i32 = -32700;
/// The request cannot be carried out as it is.
pub const INVALID_REQUEST: i32 = -32600;
/// There is no such method.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// A parameter has a wrong value.
pub const INVALID_PARAMS: i32 = -32602;
/// The server failed.
pub const INTERNAL_ERROR: i32 = -32603;

protocol! {
    /// Error of a request.
    pub struct RpcError {
        /// Kind of the error.
        pub code: i32,
        /// Failure, in words.
        pub message: String,
        /// More about it: `field`, the path of the wrong parameter, or `hint`, the remedy.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub data: Option<Value>,
        /// True if a database is damaged.
        #[serde(skip)]
        pub(crate) is_damage: bool,
    }
}

impl RpcError {
    /// Makes an error.
    pub fn new(code: i32, message: impl Into<String>) -> RpcError {
        RpcError { code, message: message.into(), data: None, is_damage: false }
    }

    /// Makes the error about a request that cannot be carried out.
    pub fn invalid_request(message: impl Into<String>) -> RpcError {
        RpcError::new(INVALID_REQUEST, message)
    }

    /// Makes the error about a wrong value of a field.
    pub fn invalid_params(field: &str, message: impl Into<String>) -> RpcError {
        RpcError { data: Some(json!({ "field": field })), ..RpcError::new(INVALID_PARAMS, message) }
    }

    /// Makes the error about parameters of another shape. Serde's message names the field only
    /// where that is missing or unknown.
    pub(crate) fn wrong_shape(error: &serde_path_to_error::Error<serde_json::Error>) -> RpcError {
        let (path, inner) = (error.path().to_string(), error.inner().to_string());
        // The place in the text says nothing to a client.
        let reason = inner.rsplit_once(" at line ").map_or(inner.as_str(), |(reason, _)| reason);
        let names_field = ["missing field", "unknown variant"].iter().any(|start| reason.starts_with(start));
        let message = if names_field || path == "." {
            format!("Invalid request: {reason}")
        } else {
            format!("Invalid request: `{path}`: {reason}")
        };
        let data = (path != ".").then(|| json!({ "field": path }));
        RpcError { data, ..RpcError::invalid_request(message) }
    }

    /// Makes the error about a thread that is not in the index.
    pub(crate) fn not_loaded(id: Uuid) -> RpcError {
        RpcError::invalid_request(format!("thread not loaded: {id}"))
    }

    /// Makes the error about a thread without a rollout.
    pub(crate) fn no_rollout(id: Uuid) -> RpcError {
        RpcError::invalid_request(format!("no rollout found for thread id {id}"))
    }
}

//! Errors of device keys in the words of the agent's own server.

use serde_json::json;
use threadkeep_app::Fault;
use threadkeep_device_key::{BindingError, DeviceKeyError, PayloadError, ProviderError, TextProblem};

use crate::protocol::error::{INTERNAL_ERROR, INVALID_REQUEST, RpcError};

/// Form of a key's id, in the words that clients know.
const BAD_KEY_ID: &str =
    "keyId must be dk_hse_, dk_tpm_, or dk_osn_ followed by unpadded base64url-encoded 32 bytes";
const BAD_NONCE: &str = "nonce must be at least 32 random bytes encoded as unpadded base64url";

/// Makes the error about something that no key signs or is made for.
pub(crate) fn invalid_payload(reason: &str) -> RpcError {
    RpcError::invalid_request(format!("invalid device key payload: {reason}"))
}

/// Makes the error about a text that is no key's id.
pub(crate) fn bad_key_id() -> RpcError {
    let data = Some(json!({ "field": "keyId", "hint": "the id of a software key begins with dk_sw_" }));
    RpcError { data, ..invalid_payload(BAD_KEY_ID) }
}

/// Makes the error about one request more than may wait for providers.
pub(crate) fn too_many() -> RpcError {
    let data = Some(json!({ "hint": "answer the prompts that are open, and try again" }));
    RpcError { data, ..RpcError::invalid_request("too many device key requests are waiting") }
}

impl From<DeviceKeyError> for RpcError {
    fn from(error: DeviceKeyError) -> RpcError {
        let known = of_known(&error);
        let weaker = match &error {
            DeviceKeyError::Policy { available, .. } => *available,
            _ => None,
        };
        let fault = Fault::from(error);
        let hint = match weaker {
            Some(class) => {
                let policy = class.policy();
                Some(format!("a {class} key can be made here: `protectionPolicy` {policy} allows it"))
            }
            None => fault.hint.as_ref().map(ToString::to_string),
        };
        let data = hint.map(|hint| json!({ "hint": hint }));
        let error = known.unwrap_or_else(|| RpcError::new(INTERNAL_ERROR, fault.message.to_string()));
        RpcError { data, ..error }
    }
}

/// Returns the error that the agent's server gives for the same mistake.
fn of_known(error: &DeviceKeyError) -> Option<RpcError> {
    let reason = match error {
        DeviceKeyError::Binding(error) => of_binding(error),
        DeviceKeyError::Payload(error) => of_payload(error),
        DeviceKeyError::OtherAccount(_) | DeviceKeyError::OtherClient(_) => {
            "payload accountUserId/clientId does not match device key binding".to_owned()
        }
        DeviceKeyError::Replayed => "nonce was signed before".to_owned(),
        DeviceKeyError::NotBound(_) | DeviceKeyError::Provider { source: ProviderError::NoSuchKey, .. } => {
            return Some(RpcError::new(INVALID_REQUEST, "device key not found"));
        }
        DeviceKeyError::Policy { .. } => {
            let reason = "hardware-backed device keys are not available on this platform";
            return Some(RpcError::new(INVALID_REQUEST, reason));
        }
        _ => return None,
    };
    Some(invalid_payload(&reason))
}

fn of_binding(BindingError { part, problem, .. }: &BindingError) -> String {
    of_text(if *part == "client id" { "clientId" } else { "accountUserId" }, *problem)
}

fn of_payload(error: &PayloadError) -> String {
    match error {
        PayloadError::Text { field: "nonce", .. } | PayloadError::Nonce => BAD_NONCE.to_owned(),
        PayloadError::Text { field, problem } => of_text(name_of(field), *problem),
        PayloadError::Digest { field } => {
            format!("{} must be a SHA-256 digest encoded as unpadded base64url", name_of(field))
        }
        PayloadError::NotHttps { .. } | PayloadError::OriginNotAllowed { .. } => {
            "targetOrigin must be an allowed remote-control backend origin".to_owned()
        }
        PayloadError::PathNotAllowed { .. } => {
            "targetPath must match the signed payload type's remote-control endpoint".to_owned()
        }
        PayloadError::Expired { .. } => "remote-control token is expired".to_owned(),
        PayloadError::TooLong { .. } => "remote-control token expires too far in the future".to_owned(),
        other => other.to_string(),
    }
}

fn of_text(name: &str, problem: TextProblem) -> String {
    match problem {
        TextProblem::Empty => format!("{name} must not be empty"),
        problem => format!("{name} {problem}"),
    }
}

/// Returns the protocol's name of a payload's field.
fn name_of(field: &str) -> &str {
    match field {
        "account_user_id" => "accountUserId",
        "client_id" => "clientId",
        "session_id" => "sessionId",
        "challenge_id" => "challengeId",
        "target_origin" => "targetOrigin",
        "target_path" => "targetPath",
        "token_sha256" => "tokenSha256Base64url",
        "identity_sha256" => "deviceIdentitySha256Base64url",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_held_lock_of_nonces_comes_with_a_remedy() {
        let (path, after) = ("/h/device-keys/nonces.lock".into(), Duration::from_secs(60));
        let error = RpcError::from(DeviceKeyError::NoncesLocked { path, after });
        assert_eq!(error.code, INTERNAL_ERROR);
        assert_eq!(
            error.message,
            "cannot use the record of nonces: another process has held /h/device-keys/nonces.lock for 60 s"
        );
        let hint = "end the process that `fuser /h/device-keys/nonces.lock` shows, and try again";
        assert_eq!(error.data, Some(json!({ "hint": hint })));
    }
}

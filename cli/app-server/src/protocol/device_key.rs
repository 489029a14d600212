//! Device keys, and the payloads that they sign.

use super::protocol;

/// Classes of keys that may be made, the strictest policy first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeviceKeyProtectionPolicy {
    /// Hardware alone.
    #[default]
    HardwareOnly,
    /// The operating system, too.
    AllowOsProtectedNonextractable,
    /// Files, too. The agent's own server does not know this word.
    AllowSoftware,
}

protocol! {
    /// Parameters of `device/key/create`.
    pub struct DeviceKeyCreateParams {
        /// Account that the key signs for.
        pub account_user_id: String,
        /// Client that the key signs for.
        pub client_id: String,
        /// Classes of keys that may be made. Default: `hardware_only`.
        pub protection_policy: Option<DeviceKeyProtectionPolicy>,
    }

    /// Parameters of `device/key/public`.
    pub struct DeviceKeyPublicParams {
        /// The key.
        pub key_id: String,
    }

    /// A key: the answer of `device/key/create` and `device/key/public`.
    pub struct DeviceKeyResponse {
        /// Id of the key.
        pub key_id: String,
        /// Public part in DER form (`SubjectPublicKeyInfo`), in base64.
        pub public_key_spki_der_base64: String,
        /// Always `ecdsa_p256_sha256`.
        pub algorithm: String,
        /// Place of the private part: `hardware_secure_enclave`, `hardware_tpm`,
        /// `os_protected_nonextractable` or `software`.
        pub protection_class: String,
    }

    /// Parameters of `device/key/sign`.
    pub struct DeviceKeySignParams {
        /// The key.
        pub key_id: String,
        /// Payload to sign. Nothing else is ever signed.
        pub payload: DeviceKeySignPayload,
    }

    /// Payload to sign.
    #[serde(tag = "type")]
    pub enum DeviceKeySignPayload {
        /// An enrolled client connects for remote control.
        RemoteControlClientConnection(DeviceKeyConnection),
        /// A client enrols for remote control.
        RemoteControlClientEnrollment(DeviceKeyEnrollment),
    }

    /// Payload of a connection. Nothing else is signed, so an unknown field is refused.
    #[serde(deny_unknown_fields)]
    pub struct DeviceKeyConnection {
        /// At least 32 random bytes in unpadded base64url; each signs once.
        pub nonce: String,
        /// Service that the signature is for.
        pub audience: String,
        /// Session to which the client connects.
        pub session_id: String,
        /// Origin of the server. The settings name the allowed ones.
        pub target_origin: String,
        /// Path on the server. The settings name the allowed ones.
        pub target_path: String,
        /// Account, as the key was made for it.
        pub account_user_id: String,
        /// Client, as the key was made for it.
        pub client_id: String,
        /// End of the token's life in Unix seconds, at most 15 minutes ahead.
        pub token_expires_at: i64,
        /// SHA-256 of the access token, in unpadded base64url.
        pub token_sha256_base64url: String,
        /// Permissions that the client asks for, at least one.
        pub scopes: Vec<String>,
    }

    /// Payload of an enrolment. Nothing else is signed, so an unknown field is refused.
    #[serde(deny_unknown_fields)]
    pub struct DeviceKeyEnrollment {
        /// At least 32 random bytes in unpadded base64url; each signs once.
        pub nonce: String,
        /// Service that the signature is for.
        pub audience: String,
        /// Challenge of the server.
        pub challenge_id: String,
        /// Origin of the server. The settings name the allowed ones.
        pub target_origin: String,
        /// Path on the server. The settings name the allowed ones.
        pub target_path: String,
        /// Account, as the key was made for it.
        pub account_user_id: String,
        /// Client, as the key was made for it.
        pub client_id: String,
        /// SHA-256 of the device's identity, in unpadded base64url.
        pub device_identity_sha256_base64url: String,
        /// End of the challenge's life in Unix seconds, at most 15 minutes ahead.
        pub challenge_expires_at: i64,
    }

    /// Answer of `device/key/sign`.
    pub struct DeviceKeySignResponse {
        /// Signature in DER form, in base64.
        pub signature_der_base64: String,
        /// The exact bytes that are signed, in base64.
        pub signed_payload_base64: String,
        /// Always `ecdsa_p256_sha256`.
        pub algorithm: String,
    }
}

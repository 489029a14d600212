//! Keys of this device. A provider may wait for a person: nothing but the request itself waits for
//! it.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use threadkeep_app::device_keys;
use threadkeep_device_key::{
    Binding, ClientConnection, ClientEnrolment, DeviceKey, DeviceKeyStore, KeyId, ProtectionPolicy,
    SignPayload,
};
use tokio::sync::SemaphorePermit;

use super::{Answer, writable};
use crate::caller::Caller;
use crate::device_key_fault::{bad_key_id, too_many};
use crate::protocol::device_key::{
    DeviceKeyCreateParams, DeviceKeyProtectionPolicy as Policy, DeviceKeyPublicParams, DeviceKeyResponse,
    DeviceKeySignParams, DeviceKeySignPayload, DeviceKeySignResponse,
};
use crate::server::Server;

/// The one kind of keys and signatures.
const ALGORITHM: &str = "ecdsa_p256_sha256";

/// Makes a key for an account and a client.
pub(crate) async fn create(
    server: &Rc<Server>,
    _: &Caller,
    params: DeviceKeyCreateParams,
) -> Answer<DeviceKeyResponse> {
    let _turn = turn(server)?;
    let policy = match params.protection_policy.unwrap_or_default() {
        Policy::HardwareOnly => ProtectionPolicy::HardwareOnly,
        Policy::AllowOsProtectedNonextractable => ProtectionPolicy::AllowOsProtectedNonextractable,
        Policy::AllowSoftware => ProtectionPolicy::AllowSoftware,
    };
    let binding = Binding { account_user_id: params.account_user_id, client_id: params.client_id };
    Ok(key_of(&store(server).await?.create(policy, binding).await?))
}

/// Returns the public part of a key.
pub(crate) async fn public(
    server: &Rc<Server>,
    _: &Caller,
    params: DeviceKeyPublicParams,
) -> Answer<DeviceKeyResponse> {
    let _turn = turn(server)?;
    let key_id = key_id(&params.key_id)?;
    Ok(key_of(&store(server).await?.public(&key_id).await?))
}

/// Signs a payload.
pub(crate) async fn sign(
    server: &Rc<Server>,
    _: &Caller,
    params: DeviceKeySignParams,
) -> Answer<DeviceKeySignResponse> {
    let _turn = turn(server)?;
    let (key_id, payload) = (key_id(&params.key_id)?, payload_of(params.payload));
    let signed = store(server).await?.sign(&key_id, &payload).await?;
    Ok(DeviceKeySignResponse {
        signature_der_base64: STANDARD.encode(signed.signature.to_der()),
        signed_payload_base64: STANDARD.encode(signed.signed_bytes),
        algorithm: ALGORITHM.to_owned(),
    })
}

/// Takes one of the few places for requests that may wait for a person. The next one is refused: if
/// it waited, too, a client's other requests would soon have no place.
fn turn(server: &Server) -> Answer<SemaphorePermit<'_>> {
    server.key_holders.try_acquire().map_err(|_| too_many())
}

async fn store(server: &Rc<Server>) -> Answer<DeviceKeyStore> {
    let opened = writable(server).await?;
    Ok(device_keys::store(&server.dirs, &server.device_keys, opened.state()))
}

fn key_id(text: &str) -> Answer<KeyId> {
    text.parse().map_err(|_| bad_key_id())
}

fn key_of(key: &DeviceKey) -> DeviceKeyResponse {
    let key_id = &key.stored.key_id;
    DeviceKeyResponse {
        key_id: key_id.as_str().to_owned(),
        public_key_spki_der_base64: STANDARD.encode(key.public_key.to_der()),
        algorithm: ALGORITHM.to_owned(),
        protection_class: key_id.class().as_str().to_owned(),
    }
}

fn payload_of(payload: DeviceKeySignPayload) -> SignPayload {
    match payload {
        DeviceKeySignPayload::RemoteControlClientConnection(payload) => {
            SignPayload::RemoteControlClientConnection(ClientConnection {
                nonce: payload.nonce,
                audience: payload.audience,
                session_id: payload.session_id,
                target_origin: payload.target_origin,
                target_path: payload.target_path,
                account_user_id: payload.account_user_id,
                client_id: payload.client_id,
                expires_at_ms: payload.token_expires_at.saturating_mul(1_000),
                token_sha256: payload.token_sha256_base64url,
                scopes: payload.scopes,
            })
        }
        DeviceKeySignPayload::RemoteControlClientEnrollment(payload) => {
            SignPayload::RemoteControlClientEnrolment(ClientEnrolment {
                nonce: payload.nonce,
                audience: payload.audience,
                challenge_id: payload.challenge_id,
                target_origin: payload.target_origin,
                target_path: payload.target_path,
                account_user_id: payload.account_user_id,
                client_id: payload.client_id,
                expires_at_ms: payload.challenge_expires_at.saturating_mul(1_000),
                identity_sha256: payload.device_identity_sha256_base64url,
                scopes: Vec::new(),
            })
        }
    }
}

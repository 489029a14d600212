//! Device keys over the protocol. A request that waits for a person delays no other.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::client::Client;
use crate::fixture::{Fixture, Result};

/// A home whose settings allow one server.
fn allowed() -> Result<Fixture> {
    let fixture = Fixture::bundled()?;
    fs::create_dir(fixture.sqlite_home())?;
    let settings = "[device_keys]\nallowed_origins = [\"https://example.com\"]\nallowed_paths = [\"/connect\"]\n\
                    tpm = \"device:/nowhere/tpm\"\n";
    fs::write(fixture.sqlite_home().join("config.toml"), settings)?;
    Ok(fixture)
}

fn create(client: &mut Client) -> Result<Value> {
    let params =
        json!({ "accountUserId": "user-1", "clientId": "laptop", "protectionPolicy": "allow_software" });
    client.call("device/key/create", params)
}

/// Parameters of a signature. The payload expires in a minute.
fn signing(key: &Value, nonce: u8) -> Value {
    let payload = json!({
        "type": "remoteControlClientConnection",
        "nonce": URL_SAFE_NO_PAD.encode([nonce; 32]),
        "audience": "remote_control_client_websocket",
        "sessionId": "session-1",
        "targetOrigin": "https://example.com",
        "targetPath": "/connect",
        "accountUserId": "user-1",
        "clientId": "laptop",
        "tokenExpiresAt": jiff::Timestamp::now().as_second() + 60,
        "tokenSha256Base64url": URL_SAFE_NO_PAD.encode([nonce; 32]),
        "scopes": ["remote_control_controller_websocket"],
    });
    json!({ "keyId": key["keyId"], "payload": payload })
}

#[test]
fn a_key_is_made_read_and_used() -> Result {
    let fixture = allowed()?;
    let mut client = Client::stdio(&fixture)?;
    let key = create(&mut client)?;
    assert_eq!(
        (&key["algorithm"], &key["protectionClass"]),
        (&json!("ecdsa_p256_sha256"), &json!("software"))
    );
    assert_eq!(client.call("device/key/public", json!({ "keyId": key["keyId"] }))?, key);
    let enrolment = json!({
        "type": "remoteControlClientEnrollment",
        "nonce": URL_SAFE_NO_PAD.encode([9; 32]),
        "audience": "remote_control_client_enrollment",
        "challengeId": "challenge-1",
        "targetOrigin": "https://example.com",
        "targetPath": "/connect",
        "accountUserId": "user-1",
        "clientId": "laptop",
        "deviceIdentitySha256Base64url": URL_SAFE_NO_PAD.encode([7; 32]),
        "challengeExpiresAt": jiff::Timestamp::now().as_second() + 60,
    });
    for params in [signing(&key, 1), json!({ "keyId": key["keyId"], "payload": enrolment })] {
        let signed = client.call("device/key/sign", params)?;
        let decoded =
            |value: &Value| -> Result<Vec<u8>> { Ok(STANDARD.decode(value.as_str().ok_or("base64")?)?) };
        let bytes = decoded(&signed["signedPayloadBase64"])?;
        assert!(String::from_utf8_lossy(&bytes).contains("https://example.com"));
        fs::write(fixture.path().join("public.der"), decoded(&key["publicKeySpkiDerBase64"])?)?;
        fs::write(fixture.path().join("signature.der"), decoded(&signed["signatureDerBase64"])?)?;
        fs::write(fixture.path().join("signed.bin"), bytes)?;
        let mut openssl = Command::new("openssl");
        openssl.args([
            "dgst",
            "-sha256",
            "-keyform",
            "DER",
            "-verify",
            "public.der",
            "-signature",
            "signature.der",
        ]);
        assert!(openssl.arg("signed.bin").current_dir(fixture.path()).output()?.status.success());
    }
    // It is the same key on the command line.
    let id = key["keyId"].as_str().ok_or("a key has an id")?;
    assert_eq!(fixture.json(&["device-key", "public", id])?["account_user_id"], "user-1");
    Ok(())
}

#[test]
fn the_same_mistakes_with_keys_get_the_same_errors() -> Result {
    let fixture = allowed()?;
    let mut client = Client::stdio(&fixture)?;
    let key = create(&mut client)?;
    client.call("device/key/sign", signing(&key, 1))?;
    let unknown = "dk_osn_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let account = |account: &str, client: &str| json!({ "accountUserId": account, "clientId": client });
    let with = |field: &str, value: Value| {
        let mut params = signing(&key, 2);
        params["payload"][field] = value;
        params
    };
    let none = "hardware-backed device keys are not available on this platform";
    let id = "keyId must be dk_hse_, dk_tpm_, or dk_osn_ followed by unpadded base64url-encoded 32 bytes";
    let nonce = "nonce must be at least 32 random bytes encoded as unpadded base64url";
    let digest = "tokenSha256Base64url must be a SHA-256 digest encoded as unpadded base64url";
    let binding = "payload accountUserId/clientId does not match device key binding";
    let os = "allow_os_protected_nonextractable";
    let wrong = |reason: &str| format!("invalid device key payload: {reason}");
    let no_one = json!({ "keyId": unknown, "payload": with("nonce", json!("n"))["payload"] });
    let cases = [
        ("create", account("acct_user", "client_1"), none.to_owned()),
        ("create", json!({ "accountUserId": "a", "clientId": "c", "protectionPolicy": os }), none.to_owned()),
        ("create", account("", ""), wrong("accountUserId must not be empty")),
        ("create", account("a", ""), wrong("clientId must not be empty")),
        ("create", json!({ "accountUserId": "a" }), "Invalid request: missing field `clientId`".to_owned()),
        ("public", json!({ "keyId": "dk_hse_unknown" }), wrong(id)),
        ("public", json!({ "keyId": unknown }), "device key not found".to_owned()),
        ("public", json!({ "keyId": unknown.replace("osn", "tpm") }), "device key not found".to_owned()),
        ("sign", no_one, wrong(nonce)),
        (
            "sign",
            json!({ "keyId": unknown, "payload": signing(&key, 2)["payload"] }),
            "device key not found".to_owned(),
        ),
        ("sign", with("tokenSha256Base64url", json!("AAAA")), wrong(digest)),
        ("sign", with("accountUserId", json!("user-2")), wrong(binding)),
        ("sign", with("sessionId", json!("")), wrong("sessionId must not be empty")),
        ("sign", with("tokenExpiresAt", json!(i64::MIN)), wrong("remote-control token is expired")),
        (
            "sign",
            with("tokenExpiresAt", json!(i64::MAX)),
            wrong("remote-control token expires too far in the future"),
        ),
        ("sign", signing(&key, 1), wrong("nonce was signed before")),
    ];
    for (method, params, message) in cases {
        let refused = client.refused(&format!("device/key/{method}"), params.clone())?;
        assert_eq!(refused, (-32600, message), "{method} {params}");
    }
    Ok(())
}

/// Holds the lock of the nonces that were used, which every signature takes.
fn hold(fixture: &Fixture) -> Result<File> {
    let path = fixture.sqlite_home().join("device-keys/nonces.lock");
    let held = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    held.lock()?;
    Ok(held)
}

/// Signatures that cannot be made yet, as while a person is asked: lists are answered all the same,
/// and other keys are read. More signatures than may wait are refused at once.
#[test]
fn signatures_that_hang_delay_no_other_request() -> Result {
    let fixture = allowed()?;
    let mut client = Client::stdio(&fixture)?;
    let key = create(&mut client)?;
    let held = hold(&fixture)?;
    let first = client.send("device/key/sign", signing(&key, 0))?;
    let list = json!({ "limit": 1, "sourceKinds": ["exec"] });
    for _ in 0..1_000 {
        let id = client.send("thread/list", list.clone())?;
        loop {
            let line = client.line()?;
            assert_ne!(line["id"], first, "it was signed while the lock was held: {line}");
            if line["id"] == id {
                assert!(line["result"]["data"].is_array(), "{line}");
                break;
            }
        }
    }
    client.call("device/key/public", json!({ "keyId": key["keyId"] }))?;
    let more: Vec<i64> =
        (1..20).map(|nonce| client.send("device/key/sign", signing(&key, nonce))).collect::<Result<_>>()?;
    let refused = client.answer(more[more.len() - 1])?;
    assert_eq!(refused["error"]["message"], "too many device key requests are waiting");
    client.call("thread/list", list)?;
    drop(held);
    // What waited is signed.
    let mut signed = 0;
    while signed < 16 {
        let line = client.line()?;
        signed += usize::from(line["result"]["signatureDerBase64"].is_string());
    }
    assert_eq!(client.end()?, Some(0));
    Ok(())
}

#[test]
fn a_signal_waits_for_a_request_in_flight() -> Result {
    for signal in [Signal::TERM, Signal::INT] {
        let fixture = allowed()?;
        let mut client = Client::stdio(&fixture)?;
        let key = create(&mut client)?;
        let held = hold(&fixture)?;
        let signature = client.send("device/key/sign", signing(&key, 1))?;
        // Requests begin in their order.
        client.call("device/key/public", json!({ "keyId": key["keyId"] }))?;
        kill_process(Pid::from_child(client.process()?), signal)?;
        drop(held);
        let answer = client.answer(signature)?;
        assert!(answer["result"]["signatureDerBase64"].is_string(), "{signal:?}: {answer}");
        assert_eq!(client.end()?, Some(0));
    }
    Ok(())
}

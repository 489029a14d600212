//! Payloads that are refused before the provider is asked.

use std::time::Duration;

use serde_json::{Value, json};
use threadkeep_device_key::{
    Binding, DeviceKeyError, DeviceKeyOptions, DeviceKeyStore, KeyId, PayloadError, ProtectionClass,
    ProtectionPolicy, SignPayload, TextProblem,
};

use crate::support::{Fixture, HASH, NOW_MS, Result, binding, connection, enrolment, payload};

fn with(field: &str, value: impl Into<Value>) -> Value {
    let mut payload = connection(1);
    payload[field] = value.into();
    payload
}

async fn refused(store: &DeviceKeyStore, key: &KeyId, value: &Value) -> Result<DeviceKeyError> {
    Ok(store.sign(key, &payload(value)?).await.expect_err(&value.to_string()))
}

#[tokio::test]
async fn a_payload_that_breaks_a_rule_reaches_no_provider() -> Result {
    let fixture = Fixture::new()?;
    let store = fixture.store();
    let key = store.create(ProtectionPolicy::HardwareOnly, binding()).await?.stored.key_id;
    let text = |field, problem| PayloadError::Text { field, problem };
    let long = "x".repeat(257);
    let origin = |origin: &str| origin.to_owned();
    for (value, expected) in [
        (with("nonce", &HASH[1..]), PayloadError::Nonce),
        (with("nonce", format!("{HASH}=")), PayloadError::Nonce),
        (with("nonce", format!("+{}", &HASH[1..])), PayloadError::Nonce),
        (with("nonce", ""), text("nonce", TextProblem::Empty)),
        (with("nonce", long.as_str()), text("nonce", TextProblem::Long)),
        (with("audience", ""), text("audience", TextProblem::Empty)),
        (with("session_id", "a\u{1b}[2J"), text("session_id", TextProblem::Control)),
        (with("client_id", long.as_str()), text("client_id", TextProblem::Long)),
        (with("scopes", json!([])), text("scopes", TextProblem::Empty)),
        (with("scopes", json!(["a", ""])), text("scopes", TextProblem::Empty)),
        (with("scopes", vec!["a"; 33]), PayloadError::TooManyScopes { most: 32 }),
        (with("token_sha256", "AAAA"), PayloadError::Digest { field: "token_sha256" }),
        (
            with("target_origin", "http://example.com"),
            PayloadError::NotHttps { origin: origin("http://example.com") },
        ),
        (
            with("target_origin", "http://127.0.0.1:8080"),
            PayloadError::NotHttps { origin: origin("http://127.0.0.1:8080") },
        ),
        (
            with("target_origin", "https://example.com.evil.test"),
            PayloadError::OriginNotAllowed { origin: origin("https://example.com.evil.test") },
        ),
        (with("target_path", "/connect/"), PayloadError::PathNotAllowed { path: "/connect/".to_owned() }),
        (with("expires_at_ms", NOW_MS), PayloadError::Expired { at_ms: NOW_MS }),
        (with("expires_at_ms", i64::MIN), PayloadError::Expired { at_ms: i64::MIN }),
        (with("expires_at_ms", NOW_MS + 900_001), PayloadError::TooLong { at_ms: NOW_MS + 900_001 }),
        (with("expires_at_ms", i64::MAX), PayloadError::TooLong { at_ms: i64::MAX }),
    ] {
        let error = refused(&store, &key, &value).await?;
        assert!(matches!(&error, DeviceKeyError::Payload(found) if *found == expected), "{value}: {error:?}");
    }
    assert_eq!(fixture.provider.asked_to_sign(), 0);
    store.sign(&key, &payload(&with("expires_at_ms", NOW_MS + 900_000))?).await?;
    assert_eq!(fixture.provider.asked_to_sign(), 1, "the provider is counted");
    // A client that enrols may ask for no permission yet.
    let mut without_scopes = enrolment(2);
    without_scopes["scopes"] = json!([]);
    store.sign(&key, &payload(&without_scopes)?).await?;
    Ok(())
}

#[test]
fn only_known_fields_of_known_types_are_read() {
    let without = |field: &str| {
        let mut value = connection(1);
        value.as_object_mut().expect("an object").remove(field);
        value
    };
    for value in [
        json!("bytes"),
        json!({}),
        with("type", "something_else"),
        without("scopes"),
        without("nonce"),
        with("challenge_id", "one field too many"),
        with("expires_at_ms", "2027-01-15"),
        with("expires_at_ms", 1.5),
    ] {
        let read = SignPayload::from_json(value.to_string().as_bytes());
        assert!(matches!(read, Err(PayloadError::Form { .. })), "{value}");
    }
}

#[tokio::test]
async fn a_key_signs_for_its_own_account_and_client_alone() -> Result {
    let fixture = Fixture::new()?;
    let store = fixture.store();
    let key = store.create(ProtectionPolicy::HardwareOnly, binding()).await?.stored.key_id;
    let error = refused(&store, &key, &with("account_user_id", "user-2")).await?;
    assert!(matches!(&error, DeviceKeyError::OtherAccount(id) if *id == key), "{error:?}");
    let error = refused(&store, &key, &with("client_id", "Laptop")).await?;
    assert!(matches!(&error, DeviceKeyError::OtherClient(id) if *id == key), "{error:?}");
    let unknown = KeyId::random(ProtectionClass::HardwareTpm)?;
    let error = refused(&store, &unknown, &connection(1)).await?;
    assert!(matches!(&error, DeviceKeyError::NotBound(id) if *id == unknown), "{error:?}");
    let other = Binding { account_user_id: "user-2".to_owned(), ..binding() };
    let others = store.create(ProtectionPolicy::HardwareOnly, other).await?.stored.key_id;
    assert!(matches!(refused(&store, &others, &connection(1)).await?, DeviceKeyError::OtherAccount(_)));
    assert_eq!(fixture.provider.asked_to_sign(), 0);
    store.sign(&key, &payload(&connection(1))?).await?;
    Ok(())
}

#[tokio::test]
async fn a_nonce_signs_once_while_its_payload_lives() -> Result {
    let fixture = Fixture::new()?;
    let key = fixture.store().create(ProtectionPolicy::HardwareOnly, binding()).await?.stored.key_id;
    fixture.store().sign(&key, &payload(&connection(1))?).await?;
    // Another process, another kind of payload, and after a rotation.
    for value in [connection(1), enrolment(1)] {
        let error = refused(&fixture.store(), &key, &value).await?;
        assert!(matches!(error, DeviceKeyError::Replayed), "{error:?}");
    }
    let key = fixture.store().rotate(ProtectionPolicy::HardwareOnly, &key).await?.key.stored.key_id;
    assert!(matches!(refused(&fixture.store(), &key, &connection(1)).await?, DeviceKeyError::Replayed));
    assert_eq!(fixture.provider.asked_to_sign(), 1);
    fixture.clock.advance(Duration::from_secs(60));
    let error = refused(&fixture.store(), &key, &connection(1)).await?;
    assert!(matches!(error, DeviceKeyError::Payload(PayloadError::Expired { .. })), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn this_machine_is_a_target_only_by_option() -> Result {
    let fixture = Fixture::new()?;
    let key = fixture.store().create(ProtectionPolicy::HardwareOnly, binding()).await?.stored.key_id;
    let mut options = DeviceKeyOptions::default();
    assert_eq!(options.targets.origins, [""; 0], "nothing is allowed by default");
    (options.targets.loopback, options.clock) = (true, std::sync::Arc::new(fixture.clock.clone()));
    options.targets.paths = vec!["/connect".to_owned()];
    let nonces = threadkeep_device_key::UsedNonces::new(fixture.folder.path().join("other/nonces"));
    let store = DeviceKeyStore::new(
        std::sync::Arc::new(fixture.bindings.clone()),
        vec![std::sync::Arc::new(fixture.provider.clone())],
        nonces,
        options,
    );
    store.sign(&key, &payload(&with("target_origin", "http://127.0.0.1:8080"))?).await?;
    let error = refused(&store, &key, &connection(2)).await?;
    assert!(matches!(error, DeviceKeyError::Payload(PayloadError::OriginNotAllowed { .. })), "{error:?}");
    Ok(())
}

//! Forms that other programs rely on: key ids, signed bytes, signatures.

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey as _;
use threadkeep_device_key::{Binding, KeyId, ProtectionClass, ProtectionPolicy};

use crate::support::{Fixture, HASH, Result, binding, connection, enrolment, payload};

#[test]
fn a_key_id_has_one_form() -> Result {
    for class in ProtectionClass::ALL {
        let id = KeyId::random(class)?;
        assert_eq!((id.class(), id.as_str().len()), (class, class.prefix().len() + 43));
        assert_eq!(id.to_string().parse::<KeyId>()?, id);
        assert_ne!(KeyId::random(class)?, id);
    }
    for bad in [
        String::new(),
        HASH.to_owned(),
        format!("dk_xyz_{HASH}"),
        format!("DK_SW_{HASH}"),
        format!("dk_sw_{HASH}A"),
        format!("dk_sw_{}", &HASH[1..]),
        format!("dk_sw_{HASH}="),
        format!("dk_sw_{}+", &HASH[1..]),
        // The last character has two bits too many.
        format!("dk_sw_{}B", &HASH[1..]),
        format!("dk_sw_../../{}", &HASH[6..]),
        format!(" dk_sw_{HASH}"),
    ] {
        let error = bad.parse::<KeyId>().expect_err(&bad).to_string();
        assert!(error.contains("dk_hse_") && error.contains("43 characters"), "{error}");
    }
    Ok(())
}

#[test]
fn a_binding_has_two_short_texts() {
    let parts = ["", "a\u{7}b", "a\nb", &"x".repeat(257)];
    for bad in parts {
        for number in 0..2 {
            let mut texts = ["fine".to_owned(), "fine".to_owned()];
            texts[number] = bad.to_owned();
            let [account_user_id, client_id] = texts;
            let error = Binding { account_user_id, client_id }.check().expect_err("it is refused");
            assert_eq!(error.part, ["account user id", "client id"][number]);
        }
    }
    let longest = Binding { account_user_id: "ü".repeat(128), client_id: "x".to_owned() };
    assert_eq!(longest.check(), Ok(()));
}

#[test]
fn signed_bytes_are_canonical() -> Result {
    let mut reordered = serde_json::Map::new();
    for (name, value) in connection(1).as_object().into_iter().flatten().rev() {
        reordered.insert(name.clone(), value.clone());
    }
    let bytes = payload(&connection(1))?.to_signed_bytes();
    assert_eq!(payload(&reordered.into())?.to_signed_bytes(), bytes);
    assert_eq!(
        String::from_utf8(bytes)?,
        "threadkeep-device-key-payload/v1\n\
         {\"account_user_id\":\"user-1\",\"audience\":\"remote-control\",\"client_id\":\"laptop\",\
         \"expires_at_ms\":1800000060000,\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1A\",\
         \"scopes\":[\"control\",\"watch\"],\"session_id\":\"session-1\",\"target_origin\":\"https://example.com\",\
         \"target_path\":\"/connect\",\"token_sha256\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\
         \"type\":\"remote_control_client_connection\"}"
    );
    Ok(())
}

#[tokio::test]
async fn the_p256_crate_verifies_every_signature_with_a_low_s() -> Result {
    let fixture = Fixture::new()?;
    let store = fixture.store();
    let key = store.create(ProtectionPolicy::HardwareOnly, binding()).await?;
    let verifier = VerifyingKey::from_public_key_pem(&key.public_key.to_pem())?;
    for nonce in 0..20 {
        let value = if nonce % 2 == 0 { connection(nonce) } else { enrolment(nonce) };
        let signed = store.sign(&key.stored.key_id, &payload(&value)?).await?;
        let signature = Signature::from_der(&signed.signature.to_der())?;
        assert_eq!(signature.normalize_s(), None, "S is low already");
        verifier.verify(&signed.signed_bytes, &signature)?;
        assert!(verifier.verify(b"something else", &signature).is_err());
    }
    Ok(())
}

//! Nothing that is printed has private material.

use std::fs;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p256::pkcs8::DecodePrivateKey as _;
use threadkeep_device_key::{
    DeviceKeyProvider as _, KeyId, ProtectionClass, ProtectionPolicy, SoftwareProvider,
};

use crate::support::{Fixture, Result, binding, connection, payload};

#[tokio::test]
async fn no_debug_error_or_answer_has_private_material() -> Result {
    let fixture = Fixture::new()?;
    let keys = fixture.folder.path().join("keys");
    let provider = SoftwareProvider::new(&keys);
    let store = fixture.store_of(vec![Arc::new(provider.clone())]);
    let key = store.create(ProtectionPolicy::AllowSoftware, binding()).await?;
    let key_id = key.stored.key_id.clone();
    let file = keys.join(key_id.as_str());
    let secret = fs::read(&file)?;
    let scalar = p256::SecretKey::from_pkcs8_der(&secret)?.to_bytes().to_vec();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let traces = [
        hex(&scalar),
        STANDARD.encode(&scalar),
        STANDARD.encode(&secret),
        format!("{scalar:?}"),
        hex(&scalar).to_uppercase(),
    ];
    // A part is enough to notice it.
    let traces: Vec<String> = traces.iter().map(|trace| trace[2..22].to_owned()).collect();

    let signed = store.sign(&key_id, &payload(&connection(1))?).await?;
    let mut said = vec![
        format!("{provider:?} {store:?} {key:?} {signed:?}"),
        format!("{:?} {:?} {:?}", store.list().await?, store.check().await?, store.public(&key_id).await?),
        key.public_key.to_pem() + &key.public_key.to_jwk().to_string(),
        format!("{:?}", String::from_utf8(signed.signed_bytes)?),
    ];
    // A damaged file still has most of the key in it.
    fs::write(&file, [&secret[..], b"x"].concat())?;
    let failed = store.sign(&key_id, &payload(&connection(2))?).await.expect_err("it is damaged");
    said.push(format!("{failed} {failed:?}"));
    let failed = provider.sign(&KeyId::random(ProtectionClass::Software)?, &[0; 32]).expect_err("no key");
    said.push(format!("{failed} {failed:?}"));
    for text in said {
        assert!(traces.iter().all(|trace| !text.contains(trace.as_str())), "{text}");
    }
    Ok(())
}

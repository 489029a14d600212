//! Keys in files.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use threadkeep_device_key::{
    DeviceKeyError, DeviceKeyProvider as _, DeviceKeyStore, KeyId, ProtectionClass, ProtectionPolicy,
    ProviderError, SoftwareProvider,
};

use crate::support::{Fixture, Result, binding, connection, payload};

const POLICY: ProtectionPolicy = ProtectionPolicy::AllowSoftware;

fn keys(fixture: &Fixture) -> PathBuf {
    fixture.folder.path().join("keys")
}

fn store(fixture: &Fixture) -> DeviceKeyStore {
    fixture.store_of(vec![Arc::new(SoftwareProvider::new(keys(fixture)))])
}

fn mode(path: &std::path::Path) -> Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

#[tokio::test]
async fn openssl_verifies_a_signature() -> Result {
    let fixture = Fixture::new()?;
    let key = store(&fixture).create(POLICY, binding()).await?;
    // After a restart.
    let signed = store(&fixture).sign(&key.stored.key_id, &payload(&connection(1))?).await?;
    let at = |name: &str| fixture.folder.path().join(name);
    fs::write(at("public.pem"), key.public_key.to_pem())?;
    fs::write(at("signature.der"), signed.signature.to_der())?;
    for (name, bytes, verified) in
        [("signed", signed.signed_bytes.as_slice(), true), ("other", b"other".as_slice(), false)]
    {
        fs::write(at(name), bytes)?;
        let mut openssl = Command::new("openssl");
        openssl.args(["dgst", "-sha256", "-verify", "public.pem", "-signature", "signature.der", name]);
        let output = openssl.current_dir(fixture.folder.path()).output()?;
        assert_eq!(output.status.success(), verified, "{}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(())
}

#[tokio::test]
async fn key_files_are_for_this_user_alone() -> Result {
    let fixture = Fixture::new()?;
    let key = store(&fixture).create(POLICY, binding()).await?.stored.key_id;
    let file = keys(&fixture).join(key.as_str());
    assert_eq!((mode(&keys(&fixture))?, mode(&file)?), (0o700, 0o600));
    store(&fixture).sign(&key, &payload(&connection(1))?).await?;
    for entry in fs::read_dir(keys(&fixture))? {
        let path = entry?.path();
        assert_eq!(mode(&path)?, 0o600, "{}", path.display());
    }
    let exposed = |error: DeviceKeyError| match error {
        DeviceKeyError::Provider { source: ProviderError::Exposed { path }, .. } => Ok(path),
        error => Err(format!("{error:?}")),
    };
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640))?;
    let error = store(&fixture).sign(&key, &payload(&connection(2))?).await.expect_err("others may read it");
    assert_eq!(exposed(error)?, file);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
    fs::set_permissions(keys(&fixture), fs::Permissions::from_mode(0o750))?;
    let error = store(&fixture).create(POLICY, binding()).await.expect_err("others may list it");
    assert_eq!(exposed(error)?, keys(&fixture));
    Ok(())
}

#[tokio::test]
async fn a_key_file_that_is_no_key_signs_nothing() -> Result {
    let fixture = Fixture::new()?;
    let provider = SoftwareProvider::new(keys(&fixture));
    let (key, _) = provider.create()?;
    let file = keys(&fixture).join(key.as_str());
    let whole = fs::read(&file)?;
    for content in [&whole[..whole.len() / 2], b"", b"something else", &vec![0; 100_000]] {
        fs::write(&file, content)?;
        let signed = provider.sign(&key, &[7; 32]);
        assert!(matches!(signed, Err(ProviderError::Damaged { .. })), "{signed:?}");
    }
    fs::remove_file(&file)?;
    assert!(matches!(provider.sign(&key, &[7; 32]), Err(ProviderError::NoSuchKey)));
    let elsewhere = fixture.folder.path().join("elsewhere");
    fs::write(&elsewhere, &whole)?;
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o600))?;
    symlink(&elsewhere, &file)?;
    assert!(provider.sign(&key, &[7; 32]).is_err(), "a link is not followed");
    fs::remove_file(&file)?;
    fs::rename(&elsewhere, &file)?;
    provider.sign(&key, &[7; 32])?;
    Ok(())
}

#[tokio::test]
async fn keys_of_other_classes_and_other_files_are_not_listed() -> Result {
    let fixture = Fixture::new()?;
    let provider = SoftwareProvider::new(keys(&fixture));
    assert_eq!(provider.list()?, [], "there is no folder yet");
    let (key, _) = provider.create()?;
    let others = [KeyId::random(ProtectionClass::HardwareTpm)?.to_string(), "notes.txt".to_owned()];
    for other in &others {
        fs::write(keys(&fixture).join(other), "")?;
    }
    assert_eq!(provider.list()?, std::slice::from_ref(&key));
    assert!(provider.delete(&key)? && !provider.delete(&key)?);
    assert!(others.iter().all(|other| keys(&fixture).join(other).exists()));
    Ok(())
}

#[tokio::test]
async fn a_half_written_key_is_found() -> Result {
    let fixture = Fixture::new()?;
    let key = store(&fixture).create(POLICY, binding()).await?.stored.key_id;
    // As a process leaves it that is killed while it writes.
    let half = KeyId::random(ProtectionClass::Software)?;
    fs::write(keys(&fixture).join(half.as_str()), "")?;
    let found = store(&fixture).check().await?;
    assert_eq!(
        (found.without_binding.as_slice(), found.without_key.as_slice()),
        (&[half.clone()][..], &[][..])
    );
    store(&fixture).delete(&half).await?;
    fs::remove_file(keys(&fixture).join(key.as_str()))?;
    let found = store(&fixture).check().await?;
    assert_eq!((found.without_binding.as_slice(), found.without_key.as_slice()), (&[][..], &[key][..]));
    Ok(())
}

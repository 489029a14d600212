//! Keys in a real TPM 2.0, which runs as a program. The tests' own binary is the helper.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr as _;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use threadkeep_device_key::tpm::{self, TpmProvider};
use threadkeep_device_key::{
    DeviceKeyError, DeviceKeyProvider as _, KeyId, ProtectionClass, ProtectionPolicy, ProviderError,
};
use tss_esapi::handles::AuthHandle;
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::ecc::EccCurve;
use tss_esapi::interface_types::resource_handles::Hierarchy;
use tss_esapi::structures::{EccScheme, HashScheme};
use tss_esapi::utils::create_unrestricted_signing_ecc_public;
use tss_esapi::{Context, TctiNameConf};

use crate::support::{Fixture, Result, binding, connection, payload};
use crate::swtpm::{Swtpm, two_ports};

const HELPER: &str = "tpm::helper";

/// The helper, if the other tests have started it by its name. It has no environment.
#[test]
fn helper() -> Result {
    if std::env::args().any(|argument| argument == HELPER) {
        tpm::help(std::io::stdin(), std::io::stdout())?;
    }
    Ok(())
}

fn provider(folder: &Path, tcti: &str) -> Result<TpmProvider> {
    let arguments = [HELPER, "--exact", "--nocapture"].map(OsString::from);
    Ok(TpmProvider::new(folder, std::env::current_exe()?, arguments).with_tcti(tcti))
}

fn keys(fixture: &Fixture) -> PathBuf {
    fixture.folder.path().join("keys")
}

fn context(tpm: &Swtpm) -> Result<Context> {
    Ok(Context::new(TctiNameConf::from_str(&tpm.tcti())?)?)
}

#[tokio::test]
async fn a_tpm_key_signs_after_a_restart_and_openssl_verifies_it() -> Result {
    let mut tpm = Swtpm::start()?;
    let fixture = Fixture::new()?;
    let store = fixture.store_of(vec![Arc::new(provider(&keys(&fixture), &tpm.tcti())?)]);
    let key = store.create(ProtectionPolicy::HardwareOnly, binding()).await?;
    assert_eq!(key.stored.key_id.class(), ProtectionClass::HardwareTpm);
    tpm.cut_power()?;
    let store = fixture.store_of(vec![Arc::new(provider(&keys(&fixture), &tpm.tcti())?)]);
    let at = |name: &str| fixture.folder.path().join(name);
    fs::write(at("public.pem"), store.public(&key.stored.key_id).await?.public_key.to_pem())?;
    for nonce in 0..8 {
        let signed = store.sign(&key.stored.key_id, &payload(&connection(nonce))?).await?;
        let der = signed.signature.to_der();
        assert_eq!(p256::ecdsa::Signature::from_der(&der)?.normalize_s(), None, "S is low");
        fs::write(at("signature.der"), der)?;
        fs::write(at("signed"), signed.signed_bytes)?;
        let mut openssl = Command::new("openssl");
        openssl.args(["dgst", "-sha256", "-verify", "public.pem", "-signature", "signature.der", "signed"]);
        assert!(openssl.current_dir(fixture.folder.path()).output()?.status.success());
    }
    store.delete(&key.stored.key_id).await?;
    assert_eq!(store.check().await?, Default::default());
    Ok(())
}

#[test]
fn power_cuts_do_not_lock_the_tpm() -> Result {
    let mut tpm = Swtpm::start()?;
    let folder = tempfile::tempdir()?;
    let folder = folder.path().join("keys");
    let (key, _) = provider(&folder, &tpm.tcti())?.create()?;
    // Three would be enough for a key that counts.
    for _ in 0..4 {
        provider(&folder, &tpm.tcti())?.sign(&key, &[7; 32])?;
        tpm.cut_power()?;
    }
    provider(&folder, &tpm.tcti())?.sign(&key, &[7; 32])?;
    Ok(())
}

#[test]
fn another_tpm_a_cleared_one_and_a_damaged_file_are_named() -> Result {
    let tpm = Swtpm::start()?;
    let folder = tempfile::tempdir()?;
    let folder = folder.path().join("keys");
    let here = provider(&folder, &tpm.tcti())?;
    let (key, _) = here.create()?;
    let refused = |provider: &TpmProvider| -> Result {
        let error = provider.sign(&key, &[7; 32]).expect_err("the key is of no use");
        assert!(matches!(error, ProviderError::OtherTpm), "{error:?}");
        for reason in ["another TPM", "was cleared", "is damaged"] {
            assert!(error.to_string().contains(reason), "{error}");
        }
        Ok(())
    };
    refused(&provider(&folder, &Swtpm::start()?.tcti())?)?;

    let file = folder.join(key.as_str());
    let whole = fs::read(&file)?;
    let mut value: serde_json::Value = serde_json::from_slice(&whole)?;
    let private = value["blob"]["private"].as_str().ok_or("a text")?.to_owned();
    for private in [
        private.replacen(&private[60..61], if &private[60..61] == "A" { "B" } else { "A" }, 1),
        String::new(),
    ] {
        value["blob"]["private"] = private.into();
        fs::write(&file, value.to_string())?;
        refused(&here)?;
    }
    for content in [&whole[..whole.len() / 2], b"", b"{}"] {
        fs::write(&file, content)?;
        assert!(matches!(here.sign(&key, &[7; 32]), Err(ProviderError::Damaged { .. })));
    }
    fs::write(&file, &whole)?;
    here.sign(&key, &[7; 32])?;

    let mut context = context(&tpm)?;
    context.execute_with_nullauth_session(|context| context.clear(AuthHandle::Lockout))?;
    drop(context);
    refused(&here)
}

#[tokio::test]
async fn a_file_of_another_key_signs_nothing() -> Result {
    let tpm = Swtpm::start()?;
    let fixture = Fixture::new()?;
    let provider = provider(&keys(&fixture), &tpm.tcti())?;
    let store = fixture.store_of(vec![Arc::new(provider.clone())]);
    let key = store.create(ProtectionPolicy::HardwareOnly, binding()).await?.stored.key_id;
    let (other, _) = provider.create()?;
    let read = |key: &KeyId| fs::read_to_string(keys(&fixture).join(key.as_str()));
    let mut mixed: serde_json::Value = serde_json::from_str(&read(&key)?)?;
    let others: serde_json::Value = serde_json::from_str(&read(&other)?)?;
    // The TPM signs with the other key, and the stored public key shows it.
    mixed["blob"] = others["blob"].clone();
    fs::write(keys(&fixture).join(key.as_str()), mixed.to_string())?;
    let error = store.sign(&key, &payload(&connection(1))?).await.expect_err("it is of another key");
    assert!(matches!(error, DeviceKeyError::Provider { source: ProviderError::OtherKey, .. }), "{error:?}");
    fs::copy(keys(&fixture).join(other.as_str()), keys(&fixture).join(key.as_str()))?;
    assert!(
        matches!(provider.sign(&key, &[7; 32]), Err(ProviderError::Damaged { .. })),
        "a file in its place"
    );
    Ok(())
}

#[test]
fn what_killed_processes_left_in_the_tpm_is_flushed() -> Result {
    let tpm = Swtpm::start()?;
    let folder = tempfile::tempdir()?;
    let provider = provider(&folder.path().join("keys"), &tpm.tcti())?;
    let (key, _) = provider.create()?;
    for _ in 0..3 {
        let mut context = context(&tpm)?;
        let public = create_unrestricted_signing_ecc_public(
            EccScheme::EcDsa(HashScheme::new(HashingAlgorithm::Sha256)),
            EccCurve::NistP256,
        )?;
        context.execute_with_nullauth_session(|context| {
            context.create_primary(Hierarchy::Null, public, None, None, None, None)
        })?;
        // As a process that is killed: nothing is flushed.
        std::mem::forget(context);
    }
    provider.sign(&key, &[7; 32])?;
    Ok(())
}

#[test]
fn processes_take_turns() -> Result {
    let tpm = Swtpm::start()?;
    let folder = tempfile::tempdir()?;
    let provider = provider(&folder.path().join("keys"), &tpm.tcti())?;
    let (key, public_key) = provider.create()?;
    let signing: Vec<_> = (0..4)
        .map(|_| {
            let (provider, key, public_key) = (provider.clone(), key.clone(), public_key.clone());
            thread::spawn(move || {
                for _ in 0..5 {
                    let signature = provider.sign(&key, &[7; 32]).expect("the TPM has room");
                    assert!(public_key.verifies(&[7; 32], &signature));
                }
            })
        })
        .collect();
    for thread in signing {
        thread.join().map_err(|_| "a signature failed")?;
    }
    Ok(())
}

#[test]
fn a_missing_and_a_silent_tpm_are_two_errors() -> Result {
    let folder = tempfile::tempdir()?;
    let folder = folder.path().join("keys");
    for tcti in ["device:/nowhere/tpm", "swtpm:host=127.0.0.1,port=1", "something else"] {
        let error = provider(&folder, tcti)?.create().expect_err("there is no TPM");
        assert!(matches!(error, ProviderError::Unavailable { .. }), "{tcti}: {error:?}");
    }
    let silent = two_ports()?;
    let tcti = format!("swtpm:host=127.0.0.1,port={}", silent[0].local_addr()?.port());
    let error = provider(&folder, &tcti)?.with_timeout(Duration::from_millis(200)).create();
    assert!(matches!(error, Err(ProviderError::TimedOut { .. })), "{error:?}");
    // The helper that waited no longer holds the lock.
    let tpm = Swtpm::start()?;
    provider(&folder, &tpm.tcti())?.probe()?;
    assert_eq!(provider(&folder, &tcti)?.list()?, []);
    Ok(())
}

#[test]
fn a_helper_gets_no_environment_and_must_answer() -> Result {
    let folder = tempfile::tempdir()?;
    let seen = folder.path().join("environment");
    let script = format!("env > '{}'", seen.display());
    let arguments = ["-c", &script].map(OsString::from);
    let error = TpmProvider::new(folder.path().join("keys"), "/bin/sh", arguments).probe();
    assert!(matches!(error, Err(ProviderError::Other { .. })), "{error:?}");
    let seen = fs::read_to_string(seen)?;
    let names: Vec<&str> = seen.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    // The others are the shell's own.
    assert!(names.iter().all(|name| ["TSS2_LOG", "PWD", "OLDPWD", "SHLVL", "_"].contains(name)), "{seen}");
    assert!(seen.contains("TSS2_LOG=all+NONE"), "{seen}");
    Ok(())
}

#[tokio::test]
async fn a_machine_without_a_tpm_names_what_it_has() -> Result {
    let fixture = Fixture::new()?;
    let software = threadkeep_device_key::SoftwareProvider::new(keys(&fixture));
    let store = fixture
        .store_of(vec![Arc::new(software), Arc::new(provider(&keys(&fixture), "device:/nowhere/tpm")?)]);
    let error = store.create(ProtectionPolicy::HardwareOnly, binding()).await.expect_err("no TPM");
    assert!(error.to_string().contains("/nowhere/tpm"), "{error}");
    let DeviceKeyError::Policy { available, .. } = error else { panic!("{error:?}") };
    assert_eq!(available, Some(ProtectionClass::Software));
    Ok(())
}

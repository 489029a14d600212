//! `cargo xtask bench sign`: signatures per second of a software key and of a TPM key, by the
//! provider alone and by the store.
//!
//! The difference is the part of the checks: payload, binding (in memory), nonce, and the
//! verification of the signature. A TPM key needs `cargo bench -p threadkeep-device-key --features
//! tpm --bench sign`, and swtpm.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "../../state/benches/common/mod.rs"]
mod common;
#[cfg(all(feature = "tpm", target_os = "linux"))]
#[allow(dead_code, reason = "the integration tests use all of it")]
#[path = "../tests/it/swtpm.rs"]
mod swtpm;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Args, Parser as _, Result, rate, row};
use jiff::Timestamp;
use serde_json::json;
use threadkeep_device_key::in_memory::{InMemoryBindings, ManualClock};
use threadkeep_device_key::{
    AllowedTargets, Binding, DeviceKeyOptions, DeviceKeyProvider, DeviceKeyStore, ProtectionPolicy,
    SignPayload, SoftwareProvider, UsedNonces,
};

/// Time that goes by from one payload to the next, which is also their life.
const STEP: Duration = Duration::from_secs(1);

#[tokio::main(worker_threads = 2)]
async fn main() -> Result {
    let args = Args::parse();
    #[cfg(all(feature = "tpm", target_os = "linux"))]
    if args.child == ["tpm"] {
        return Ok(threadkeep_device_key::tpm::help(std::io::stdin(), std::io::stdout())?);
    }
    let (signatures, rounds) = (args.size.unwrap_or(1_000), args.rounds.unwrap_or(5));
    println!("signatures per second; best of {rounds} rounds\n");
    row("", ["provider", "store", "checks"]);
    let folder = tempfile::tempdir()?;
    let keys = folder.path().join("keys");
    measure("software", Arc::new(SoftwareProvider::new(&keys)), &keys, signatures, rounds).await?;
    #[cfg(all(feature = "tpm", target_os = "linux"))]
    {
        let tpm = swtpm::Swtpm::start()?;
        let arguments = ["--child", "tpm"].map(std::ffi::OsString::from);
        let program = std::env::current_exe()?;
        let provider = threadkeep_device_key::tpm::TpmProvider::new(&keys, program, arguments);
        let provider = Arc::new(provider.with_tcti(tpm.tcti()));
        measure("swtpm", provider, &keys, signatures.div_ceil(20), rounds).await?;
    }
    Ok(())
}

async fn measure(
    name: &str,
    provider: Arc<dyn DeviceKeyProvider>,
    keys: &Path,
    signatures: usize,
    rounds: usize,
) -> Result {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let targets = AllowedTargets {
        origins: vec!["https://example.com".to_owned()],
        paths: vec!["/connect".to_owned()],
        loopback: false,
    };
    let options = DeviceKeyOptions { targets, clock: Arc::new(clock.clone()), ..DeviceKeyOptions::default() };
    let nonces = UsedNonces::new(keys.join("nonces"));
    let bindings = Arc::new(InMemoryBindings::default());
    let store = DeviceKeyStore::new(bindings, vec![Arc::clone(&provider)], nonces, options);
    let binding = Binding { account_user_id: "user-1".to_owned(), client_id: "laptop".to_owned() };
    let key = store.create(ProtectionPolicy::AllowSoftware, binding).await?.stored.key_id;
    let (mut alone, mut stored) = (0_f64, 0_f64);
    let mut number = 0_i64;
    for _ in 0..rounds {
        let begun = Instant::now();
        for n in 0..signatures {
            std::hint::black_box(provider.sign(&key, &[u8::try_from(n % 256)?; 32])?);
        }
        alone = alone.max(rate(signatures, begun));
        let begun = Instant::now();
        for _ in 0..signatures {
            number += 1;
            clock.advance(STEP);
            store.sign(&key, &payload(number)?).await?;
        }
        stored = stored.max(rate(signatures, begun));
    }
    let checks = format!("{:.0} %", (1.0 - stored / alone) * 100.0);
    row(name, [format!("{alone:.0}"), format!("{stored:.0}"), checks]);
    Ok(())
}

fn payload(number: i64) -> Result<SignPayload> {
    let value = json!({
        "type": "remote_control_client_connection",
        "nonce": format!("{number:A>42}A"),
        "audience": "remote-control",
        "session_id": "session-1",
        "target_origin": "https://example.com",
        "target_path": "/connect",
        "account_user_id": "user-1",
        "client_id": "laptop",
        "expires_at_ms": (number + 1) * 1_000,
        "token_sha256": "A".repeat(43),
        "scopes": ["control"],
    });
    Ok(SignPayload::from_json(value.to_string().as_bytes())?)
}

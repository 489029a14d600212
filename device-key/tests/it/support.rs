//! A store over in-memory ports, and payloads that it signs.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use threadkeep_device_key::in_memory::{Faults, InMemoryBindings, InMemoryProvider, ManualClock};
use threadkeep_device_key::{
    AllowedTargets, Binding, DeviceKeyOptions, DeviceKeyProvider, DeviceKeyStore, ProtectionClass,
    SignPayload, UsedNonces,
};

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Time of the tests, in Unix milliseconds.
pub(crate) const NOW_MS: i64 = 1_800_000_000_000;

/// 32 bytes in base64url.
pub(crate) const HASH: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) bindings: InMemoryBindings,
    pub(crate) provider: InMemoryProvider,
    pub(crate) clock: ManualClock,
}

impl Fixture {
    /// Ports of a machine with a TPM.
    pub(crate) fn new() -> Result<Fixture> {
        Ok(Fixture {
            folder: tempfile::tempdir()?,
            bindings: InMemoryBindings::default(),
            provider: InMemoryProvider::new(ProtectionClass::HardwareTpm),
            clock: ManualClock::at(Timestamp::from_millisecond(NOW_MS)?),
        })
    }

    /// The store of a process.
    pub(crate) fn store(&self) -> DeviceKeyStore {
        self.store_of(vec![Arc::new(self.provider.clone())])
    }

    /// The store of a process whose ports have faults.
    pub(crate) fn faulty_store(&self, faults: &Faults) -> DeviceKeyStore {
        let provider = self.provider.with_faults(faults.clone());
        let bindings = self.bindings.with_faults(faults.clone());
        Fixture { bindings, folder: TempDir::new().expect("a folder"), clock: self.clock.clone(), provider }
            .store()
    }

    /// The store of a process with these providers.
    pub(crate) fn store_of(&self, providers: Vec<Arc<dyn DeviceKeyProvider>>) -> DeviceKeyStore {
        self.store_with(providers, self.nonces())
    }

    pub(crate) fn nonces(&self) -> UsedNonces {
        UsedNonces::new(self.folder.path().join("keys/nonces"))
    }

    /// The store of a process with these providers and this record of nonces.
    pub(crate) fn store_with(
        &self,
        providers: Vec<Arc<dyn DeviceKeyProvider>>,
        nonces: UsedNonces,
    ) -> DeviceKeyStore {
        let options = DeviceKeyOptions {
            targets: AllowedTargets {
                origins: vec!["https://example.com".to_owned()],
                paths: vec!["/connect".to_owned()],
                loopback: false,
            },
            clock: Arc::new(self.clock.clone()),
            ..DeviceKeyOptions::default()
        };
        DeviceKeyStore::new(Arc::new(self.bindings.clone()), providers, nonces, options)
    }
}

pub(crate) fn binding() -> Binding {
    Binding { account_user_id: "user-1".to_owned(), client_id: "laptop".to_owned() }
}

/// JSON of a payload for [`binding`], with a nonce of its own.
pub(crate) fn connection(nonce: u64) -> Value {
    json!({
        "type": "remote_control_client_connection",
        "nonce": format!("{nonce:A>42}A"),
        "audience": "remote-control",
        "session_id": "session-1",
        "target_origin": "https://example.com",
        "target_path": "/connect",
        "account_user_id": "user-1",
        "client_id": "laptop",
        "expires_at_ms": NOW_MS + 60_000,
        "token_sha256": HASH,
        "scopes": ["control", "watch"],
    })
}

/// The same for an enrolment.
pub(crate) fn enrolment(nonce: u64) -> Value {
    let mut value = connection(nonce);
    let fields = value.as_object_mut().expect("a payload is an object");
    fields.remove("session_id");
    fields.remove("token_sha256");
    fields.insert("challenge_id".to_owned(), json!("challenge-1"));
    fields.insert("identity_sha256".to_owned(), json!(HASH));
    fields.insert("type".to_owned(), json!("remote_control_client_enrolment"));
    value
}

pub(crate) fn payload(value: &Value) -> Result<SignPayload> {
    Ok(SignPayload::from_json(value.to_string().as_bytes())?)
}

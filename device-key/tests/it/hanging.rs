//! A provider that waits for a person, and a process that holds the lock of nonces.

use std::fs::File;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use threadkeep_device_key::in_memory::InMemoryProvider;
use threadkeep_device_key::{
    DeviceKeyError, DeviceKeyOptions, DeviceKeyProvider, DeviceKeyStore, KeyId, ProtectionClass,
    ProtectionPolicy, ProviderError, PublicKey, Signature, UsedNonces,
};

use crate::support::{Fixture, Result, binding, connection, payload};

/// A provider whose first signature or creation waits until it is let go.
struct Hanging {
    keys: InMemoryProvider,
    prompt: Arc<Prompt>,
}

#[derive(Default)]
struct Prompt {
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl Prompt {
    fn wait(&self, is_it: impl Fn(&(bool, bool)) -> bool) {
        let state = self.state.lock().expect("no thread panicked");
        drop(self.changed.wait_while(state, |state| !is_it(state)).expect("no thread panicked"));
    }

    fn set(&self, change: impl Fn(&mut (bool, bool))) {
        change(&mut self.state.lock().expect("no thread panicked"));
        self.changed.notify_all();
    }

    /// The first call asks the person and waits for the answer.
    fn ask(&self) {
        let is_first = !std::mem::replace(&mut self.state.lock().expect("no thread panicked").0, true);
        self.changed.notify_all();
        if is_first {
            self.wait(|(_, answered)| *answered);
        }
    }
}

/// Answers at the end of a test, also of a failed one: the runtime waits for its threads.
struct Answer(Arc<Prompt>);

impl Drop for Answer {
    fn drop(&mut self) {
        self.0.set(|(_, answered)| *answered = true);
    }
}

impl DeviceKeyProvider for Hanging {
    fn class(&self) -> ProtectionClass {
        self.keys.class()
    }

    fn probe(&self) -> std::result::Result<(), ProviderError> {
        self.keys.probe()
    }

    fn create(&self) -> std::result::Result<(KeyId, PublicKey), ProviderError> {
        self.prompt.ask();
        self.keys.create()
    }

    fn public_key(&self, key_id: &KeyId) -> std::result::Result<PublicKey, ProviderError> {
        self.keys.public_key(key_id)
    }

    fn sign(&self, key_id: &KeyId, digest: &[u8; 32]) -> std::result::Result<Signature, ProviderError> {
        self.prompt.ask();
        self.keys.sign(key_id, digest)
    }

    fn delete(&self, key_id: &KeyId) -> std::result::Result<bool, ProviderError> {
        self.keys.delete(key_id)
    }

    fn list(&self) -> std::result::Result<Vec<KeyId>, ProviderError> {
        self.keys.list()
    }
}

/// One async thread, which a blocking call would stop.
#[tokio::test(flavor = "current_thread")]
async fn one_call_that_hangs_keeps_no_other_waiting() -> Result {
    let fixture = Fixture::new()?;
    let key = fixture.store().create(ProtectionPolicy::HardwareOnly, binding()).await?.stored.key_id;
    let prompt = Arc::new(Prompt::default());
    let answer = Answer(Arc::clone(&prompt));
    let keys = fixture.provider.clone();
    let store = fixture.store_of(vec![Arc::new(Hanging { keys, prompt: Arc::clone(&prompt) })]);
    let hanging = {
        let (store, key, payload) = (store.clone(), key.clone(), payload(&connection(0))?);
        tokio::spawn(async move { store.sign(&key, &payload).await })
    };
    let asked = Arc::clone(&prompt);
    tokio::task::spawn_blocking(move || asked.wait(|(asked, _)| *asked)).await?;
    for nonce in 1..=100 {
        store.sign(&key, &payload(&connection(nonce))?).await?;
        store.public(&key).await?;
    }
    assert!(!hanging.is_finished());
    drop(answer);
    hanging.await??;
    Ok(())
}

#[tokio::test]
async fn a_key_that_comes_too_late_is_deleted() -> Result {
    let fixture = Fixture::new()?;
    let prompt = Arc::new(Prompt::default());
    let answer = Answer(Arc::clone(&prompt));
    let keys = fixture.provider.clone();
    let options =
        DeviceKeyOptions { provider_timeout: Duration::from_millis(1), ..DeviceKeyOptions::default() };
    let store = DeviceKeyStore::new(
        Arc::new(fixture.bindings.clone()),
        vec![Arc::new(Hanging { keys, prompt: Arc::clone(&prompt) })],
        UsedNonces::new(fixture.folder.path().join("keys/nonces")),
        options,
    );
    let error = store.create(ProtectionPolicy::HardwareOnly, binding()).await.expect_err("it hangs");
    assert!(
        matches!(error, DeviceKeyError::Provider { source: ProviderError::TimedOut { .. }, .. }),
        "{error:?}"
    );
    assert_eq!(fixture.provider.list()?, [], "the key is not made yet");
    assert_eq!(fixture.provider.deleted(), 0);
    drop(answer);
    while fixture.provider.deleted() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(fixture.provider.list()?, []);
    assert_eq!(store.list().await?, []);
    Ok(())
}

#[tokio::test]
async fn a_lock_that_is_held_for_too_long_is_an_error() -> Result {
    let fixture = Fixture::new()?;
    let keys: Arc<dyn DeviceKeyProvider> = Arc::new(fixture.provider.clone());
    let store = fixture.store_with(vec![Arc::clone(&keys)], fixture.nonces().lock_timeout(Duration::ZERO));
    let key = store.create(ProtectionPolicy::HardwareOnly, binding()).await?.stored.key_id;
    store.sign(&key, &payload(&connection(1))?).await?;
    let path = fixture.folder.path().join("keys/nonces.lock");
    // As another process does that was stopped in the middle.
    let other = File::open(&path)?;
    other.lock()?;
    let error = store.sign(&key, &payload(&connection(2))?).await.expect_err("the lock is held");
    assert!(matches!(&error, DeviceKeyError::NoncesLocked { path: held, .. } if *held == path), "{error:?}");
    drop(other);
    // Nothing was signed, so the same payload can be tried again.
    store.sign(&key, &payload(&connection(2))?).await?;
    Ok(())
}

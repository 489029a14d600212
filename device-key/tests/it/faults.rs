//! Every step of a change fails, and the process dies at every step.

use threadkeep_device_key::in_memory::{Fault, Faults};
use threadkeep_device_key::{
    DeviceKeyError, DeviceKeyProvider as _, DeviceKeyStore, KeyId, Orphans, ProtectionPolicy,
};

use crate::support::{Fixture, Result, binding, connection, payload};

const POLICY: ProtectionPolicy = ProtectionPolicy::HardwareOnly;

/// Keys and bindings, as a process without faults sees them.
async fn halves(fixture: &Fixture) -> Result<(Vec<KeyId>, Vec<KeyId>)> {
    let bindings = fixture.store().list().await?.into_iter().map(|stored| stored.key_id);
    let mut bindings: Vec<KeyId> = bindings.collect();
    bindings.sort_unstable();
    Ok((fixture.provider.list()?, bindings))
}

/// Checks that the report has exactly the halves, that none of them signs, and that each can be
/// deleted.
async fn halves_are_found_and_deleted(fixture: &Fixture) -> Result<Orphans> {
    let store = fixture.store();
    let (keys, bindings) = halves(fixture).await?;
    let without = |all: &[KeyId], others: &[KeyId]| -> Vec<KeyId> {
        all.iter().filter(|key_id| !others.contains(key_id)).cloned().collect()
    };
    let orphans = store.check().await?;
    assert_eq!(orphans.without_binding, without(&keys, &bindings));
    assert_eq!(orphans.without_key, without(&bindings, &keys));
    for (nonce, key_id) in orphans.without_binding.iter().chain(&orphans.without_key).enumerate() {
        let signed = store.sign(key_id, &payload(&connection(nonce as u64))?).await;
        assert!(
            matches!(signed, Err(DeviceKeyError::NotBound(_) | DeviceKeyError::Provider { .. })),
            "half a key signs nothing: {signed:?}"
        );
        store.delete(key_id).await?;
    }
    assert_eq!(store.check().await?, Orphans::default());
    Ok(orphans)
}

/// Runs a change with a fault at every step, until one run meets none. Each run begins with one
/// key. Returns the number of runs.
async fn at_every_step(
    fault: Fault,
    change: impl AsyncFn(DeviceKeyStore, KeyId) -> bool,
    after: impl AsyncFn(&Fixture, KeyId, bool) -> Result,
) -> Result<u64> {
    for step in 0.. {
        let fixture = Fixture::new()?;
        let key = fixture.store().create(POLICY, binding()).await?.stored.key_id;
        let faults = Faults::at(step, fault);
        let succeeded = change(fixture.faulty_store(&faults), key.clone()).await;
        after(&fixture, key, succeeded).await?;
        if faults.steps() <= step {
            assert!(succeeded, "nothing failed");
            return Ok(step);
        }
    }
    unreachable!("a change has an end")
}

async fn create(store: DeviceKeyStore, _: KeyId) -> bool {
    store.create(POLICY, binding()).await.is_ok()
}

#[tokio::test]
async fn a_creation_that_fails_leaves_nothing() -> Result {
    let steps = at_every_step(Fault::Fail, create, async |fixture, _, succeeded| {
        let (keys, bindings) = halves(fixture).await?;
        assert_eq!(keys, bindings);
        assert_eq!(keys.len(), if succeeded { 2 } else { 1 });
        Ok(())
    });
    assert_eq!(steps.await?, 4, "the key and the binding, each before and after");
    Ok(())
}

#[tokio::test]
async fn a_creation_that_is_killed_leaves_a_half_that_is_found() -> Result {
    let found = std::sync::atomic::AtomicUsize::new(0);
    at_every_step(Fault::Die, create, async |fixture, old, _| {
        let orphans = halves_are_found_and_deleted(fixture).await?;
        found.fetch_add(orphans.without_binding.len(), std::sync::atomic::Ordering::Relaxed);
        assert!(halves(fixture).await?.0.contains(&old), "other keys stay");
        Ok(())
    })
    .await?;
    assert_eq!(found.into_inner(), 2, "killed after the key was made, and before it was bound");
    Ok(())
}

#[tokio::test]
async fn a_deletion_that_ends_early_can_be_repeated() -> Result {
    for fault in [Fault::Fail, Fault::Die] {
        let delete = async |store: DeviceKeyStore, key: KeyId| store.delete(&key).await.is_ok();
        at_every_step(fault, delete, async |fixture, key, succeeded| {
            let (keys, bindings) = halves(fixture).await?;
            assert!(keys.len() <= bindings.len(), "a key without a binding could not be listed");
            if succeeded {
                assert_eq!((keys.len(), bindings.len()), (0, 0));
            }
            halves_are_found_and_deleted(fixture).await?;
            match fixture.store().delete(&key).await {
                Ok(()) | Err(DeviceKeyError::NotBound(_)) => Ok(()),
                Err(error) => Err(error.into()),
            }
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_rotation_never_leaves_its_user_without_a_key() -> Result {
    for fault in [Fault::Fail, Fault::Die] {
        let rotate = async |store: DeviceKeyStore, key: KeyId| {
            store.rotate(POLICY, &key).await.is_ok_and(|rotated| rotated.left.is_none())
        };
        at_every_step(fault, rotate, async |fixture, key, succeeded| {
            halves_are_found_and_deleted(fixture).await?;
            let (keys, bindings) = halves(fixture).await?;
            assert_eq!(keys, bindings);
            assert!(!keys.is_empty(), "a key signs at every moment");
            if succeeded {
                assert!(keys.len() == 1 && keys[0] != key, "the old one is gone");
            }
            let signed = fixture.store().sign(&keys[0], &payload(&connection(1))?).await;
            assert!(signed.is_ok(), "{signed:?}");
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_payload_whose_signing_failed_can_be_tried_again() -> Result {
    let fixture = Fixture::new()?;
    let key = fixture.store().create(POLICY, binding()).await?.stored.key_id;
    let provider = fixture.provider.with_faults(Faults::at(0, Fault::Fail));
    let store = fixture.store_of(vec![std::sync::Arc::new(provider)]);
    let payload = payload(&connection(1))?;
    assert!(matches!(store.sign(&key, &payload).await, Err(DeviceKeyError::Provider { .. })));
    store.sign(&key, &payload).await?;
    assert!(matches!(store.sign(&key, &payload).await, Err(DeviceKeyError::Replayed)));
    Ok(())
}

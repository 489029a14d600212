//! The class of a new key.

use std::sync::Arc;

use threadkeep_device_key::in_memory::InMemoryProvider;
use threadkeep_device_key::{
    DeviceKeyError, DeviceKeyProvider, ProtectionClass, ProtectionPolicy, UnavailableProvider,
};

use crate::support::{Fixture, Result, binding};

fn provider(class: ProtectionClass) -> Arc<dyn DeviceKeyProvider> {
    Arc::new(InMemoryProvider::new(class))
}

fn missing(class: ProtectionClass) -> Arc<dyn DeviceKeyProvider> {
    Arc::new(UnavailableProvider::new(class, format!("no {class} here")))
}

#[tokio::test]
async fn the_strongest_class_is_taken() -> Result {
    use ProtectionClass::{HardwareSecureEnclave, HardwareTpm, OsProtectedNonextractable, Software};
    let fixture = Fixture::new()?;
    let policies = [
        ProtectionPolicy::HardwareOnly,
        ProtectionPolicy::AllowOsProtectedNonextractable,
        ProtectionPolicy::AllowSoftware,
    ];
    for (providers, expected) in [
        (vec![provider(Software), provider(HardwareTpm)], [Ok(HardwareTpm); 3]),
        (vec![provider(HardwareTpm), provider(HardwareSecureEnclave)], [Ok(HardwareSecureEnclave); 3]),
        (
            vec![provider(Software), missing(HardwareTpm)],
            [Err(Some(Software)), Err(Some(Software)), Ok(Software)],
        ),
        (
            vec![provider(Software), provider(OsProtectedNonextractable), missing(HardwareTpm)],
            [
                Err(Some(OsProtectedNonextractable)),
                Ok(OsProtectedNonextractable),
                Ok(OsProtectedNonextractable),
            ],
        ),
        (vec![missing(HardwareTpm)], [Err(None); 3]),
        (vec![], [Err(None); 3]),
    ] {
        let store = fixture.store_of(providers);
        for (policy, expected) in policies.into_iter().zip(expected) {
            let made = store.create(policy, binding()).await;
            let found = match &made {
                Ok(key) => Ok(key.stored.key_id.class()),
                Err(DeviceKeyError::Policy { available, .. }) => Err(*available),
                Err(error) => return Err(format!("{error:?}").into()),
            };
            assert_eq!(found, expected, "{policy}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_refusal_says_what_there_is_and_allows_it() -> Result {
    let fixture = Fixture::new()?;
    let store =
        fixture.store_of(vec![missing(ProtectionClass::HardwareTpm), provider(ProtectionClass::Software)]);
    let error = store.create(ProtectionPolicy::default(), binding()).await.expect_err("there is no hardware");
    assert!(error.to_string().contains("no hardware_tpm here"), "{error}");
    let DeviceKeyError::Policy { available: Some(class), .. } = error else { panic!("{error:?}") };
    assert_eq!(class.policy(), ProtectionPolicy::AllowSoftware);
    assert!(store.create(class.policy(), binding()).await.is_ok(), "that policy allows it");
    Ok(())
}

//! The conformance suite: checks that every implementation of [`DeviceKeyBindingStore`] must pass.
//!
//! Invoke [`conformance_tests!`](crate::conformance_tests) in a test module. It makes one tokio
//! test of each check, so that a failure names what is broken.
//!
//! # Panics
//!
//! Every check panics if the implementation does not conform.

use jiff::Timestamp;

use crate::{Binding, DeviceKeyBindingStore, KeyId, StoredBinding};

/// Makes a tokio test of each check of the [conformance suite](crate::conformance).
///
/// Takes an expression of a future that makes an empty store and something that must outlive it,
/// such as its folder, and evaluates it for each check. The crate that invokes it needs tokio with
/// `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! conformance_tests {
    (@ $make:expr; $($check:ident)*) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                let (store, _kept) = $make.await;
                $crate::conformance::$check(&store).await;
            }
        )*
    };
    ($make:expr) => {
        $crate::conformance_tests! { @ $make;
            a_binding_is_read_as_it_was_stored
            a_binding_is_replaced_and_stays_as_old
            bindings_are_listed_the_oldest_first
            a_deleted_binding_is_gone
        }
    };
}

/// Returns a key id that ends with a number.
fn key(number: u8) -> KeyId {
    let class = ["dk_hse_", "dk_tpm_", "dk_osn_", "dk_sw_"][usize::from(number % 4)];
    // 43 characters; the last one has four bits.
    format!("{class}{number:042}A").parse().expect("the form of an id")
}

fn binding(name: &str) -> Binding {
    Binding { account_user_id: format!("account of {name} ü"), client_id: format!("client of {name}") }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).expect("a time near 1970")
}

async fn put(store: &impl DeviceKeyBindingStore, number: u8, name: &str, ms: i64) {
    store.put(&key(number), &binding(name), at(ms)).await.expect("a binding is stored");
}

async fn get(store: &impl DeviceKeyBindingStore, number: u8) -> Option<StoredBinding> {
    store.get(&key(number)).await.expect("a binding is read")
}

fn stored(number: u8, name: &str, created: i64, updated: i64) -> StoredBinding {
    let (key_id, binding) = (key(number), binding(name));
    StoredBinding { key_id, binding, created_at: at(created), updated_at: at(updated) }
}

/// Every field comes back, for ids of every class.
pub async fn a_binding_is_read_as_it_was_stored(store: &impl DeviceKeyBindingStore) {
    for number in 0..4 {
        assert_eq!(get(store, number).await, None, "nothing is stored yet");
        put(store, number, "a user", 1_000).await;
        assert_eq!(get(store, number).await, Some(stored(number, "a user", 1_000, 1_000)));
    }
}

/// A second `put` replaces the binding, and keeps the time of the first.
pub async fn a_binding_is_replaced_and_stays_as_old(store: &impl DeviceKeyBindingStore) {
    put(store, 1, "a user", 1_000).await;
    put(store, 2, "a user", 1_000).await;
    put(store, 1, "another user", 2_000).await;
    assert_eq!(get(store, 1).await, Some(stored(1, "another user", 1_000, 2_000)));
    assert_eq!(get(store, 2).await, Some(stored(2, "a user", 1_000, 1_000)), "others stay");
}

/// The list is ordered by age, and then by id.
pub async fn bindings_are_listed_the_oldest_first(store: &impl DeviceKeyBindingStore) {
    for (number, ms) in [(5, 3_000), (9, 1_000), (1, 1_000), (7, 2_000)] {
        put(store, number, "a user", ms).await;
    }
    let listed = store.list().await.expect("the bindings are listed");
    let expected = [(1, 1_000), (9, 1_000), (7, 2_000), (5, 3_000)];
    assert_eq!(listed, expected.map(|(number, ms)| stored(number, "a user", ms, ms)));
}

/// Deleting says if there was a binding, and takes no other.
pub async fn a_deleted_binding_is_gone(store: &impl DeviceKeyBindingStore) {
    put(store, 1, "a user", 1_000).await;
    put(store, 2, "a user", 1_000).await;
    assert!(store.delete(&key(1)).await.expect("a binding is deleted"));
    assert_eq!(get(store, 1).await, None);
    assert!(!store.delete(&key(1)).await.expect("nothing is there"), "it is gone already");
    assert_eq!(store.list().await.expect("the bindings are listed"), [stored(2, "a user", 1_000, 1_000)]);
    put(store, 1, "a user", 3_000).await;
    assert_eq!(get(store, 1).await, Some(stored(1, "a user", 3_000, 3_000)), "it is a new one");
}

//! Keys that do not leave a device, each bound to an account and a client, and signatures of
//! structured payloads.
//!
//! A server that knows a device's public key can ask the device to prove itself. This crate makes
//! such keys, remembers for whom they sign, and signs nothing else. It owns no database: bindings
//! are behind a port.
//!
//! | port | provides |
//! |---|---|
//! | [`DeviceKeyBindingStore`] | the stored bindings |
//! | `DeviceKeyProvider` | keys of one [`ProtectionClass`], and nothing about accounts |
//!
//! `DeviceKeyStore` joins the two. It signs no bytes of its caller, only a [`SignPayload`]: it
//! checks the payload, compares account and client with the stored binding, uses up the nonce, and
//! only then asks the provider. `SECURITY.md` says what this protects against, and what not.
//!
//! | provider | class | keys |
//! |---|---|---|
//! | `tpm::TpmProvider` (Linux) | `hardware_tpm` | inside a TPM 2.0, which alone can read their files |
//! | `SoftwareProvider` | `software` | PKCS#8 files; only by the policy `allow_software` |
//! | `UnavailableProvider` | any | none; it says why |
//!
//! # Signatures
//!
//! ECDSA on P-256 with SHA-256, in DER form, with a low S. The signed bytes are the line
//! `threadkeep-device-key-payload/v1` and the payload as JSON, its fields in alphabetical order
//! and without spaces. A verifier gets them with the signature and need not build them.
//!
//! # Locking
//!
//! Each key has a file of its own, which is written once. Used nonces are in one file, under a lock
//! among all processes of this user. A call waits 60 s for that lock (`UsedNonces::lock_timeout`),
//! and then signs nothing. A TPM has room for three keys and three sessions if no resource manager
//! stands before it, so a lock among processes lets one of them use it at a time.
//!
//! Providers block: their calls run on blocking threads, with a time limit
//! (`DeviceKeyOptions::provider_timeout`). A provider that waits for a person keeps no other call
//! waiting. Creating, rotating and deleting go on if the caller drops the future.
//!
//! # The TPM's own process
//!
//! A call of libtss2 has no time limit, and with `TSS2_LOG` in the environment the library writes
//! whole commands to stderr. A process cannot change its environment safely while it has threads.
//! So `TpmProvider` starts a helper for each call: a program that calls `tpm::help` on its stdin
//! and stdout, with an empty environment. It takes the lock, so killing it is all that a time limit
//! needs. A tool uses itself as the helper, with an argument of its own. Private parts of keys
//! are encrypted by the TPM before they reach the helper.
//!
//! # Compatibility
//!
//! Key ids, the words of classes and policies, and the form of signed bytes are fixed; another form
//! of signed bytes would have another first line. A field that a payload does not have is refused,
//! because no check knows what it means.
//!
//! # Performance
//!
//! A software signature reads two small files and appends a line. `cargo xtask bench sign` measures
//! signatures, and the part that the checks before them take.
//!
//! # File systems
//!
//! Key files have mode 0600 from their first moment, in a folder of mode 0700. Files and folders
//! that other users may read are refused. A key is synced before it counts as made. Used nonces
//! survive a killed process, and not a power cut.
//!
//! # Example
//!
//! ```
//! # #[cfg(all(feature = "signing", feature = "testing"))]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use threadkeep_device_key::in_memory::InMemoryBindings;
//! use threadkeep_device_key::{
//!     Binding, DeviceKeyError, DeviceKeyOptions, DeviceKeyStore, ProtectionClass,
//!     ProtectionPolicy, SoftwareProvider, UsedNonces,
//! };
//!
//! let folder = tempfile::tempdir()?;
//! let keys = folder.path().join("device-keys");
//! let store = DeviceKeyStore::new(
//!     Arc::new(InMemoryBindings::default()),
//!     vec![Arc::new(SoftwareProvider::new(&keys))],
//!     UsedNonces::new(keys.join("nonces")),
//!     DeviceKeyOptions::default(),
//! );
//! let (account_user_id, client_id) = ("user-1".to_owned(), "laptop".to_owned());
//! let binding = Binding { account_user_id, client_id };
//!
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! runtime.block_on(async {
//!     // Hardware only is the default, and the error names what there is instead.
//!     let refused = store.create(ProtectionPolicy::default(), binding.clone()).await;
//!     let Err(DeviceKeyError::Policy { available, .. }) = refused else { panic!() };
//!     assert_eq!(available, Some(ProtectionClass::Software));
//!
//!     let key = store.create(ProtectionPolicy::AllowSoftware, binding).await?;
//!     assert!(key.stored.key_id.as_str().starts_with("dk_sw_"));
//!     assert!(key.public_key.to_pem().starts_with("-----BEGIN PUBLIC KEY-----"));
//!     store.delete(&key.stored.key_id).await?;
//!     assert!(store.list().await?.is_empty());
//!     Ok(())
//! })
//! # }
//! # #[cfg(not(all(feature = "signing", feature = "testing")))]
//! # fn main() {}
//! ```
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `signing` | no | `DeviceKeyStore`, the providers but the TPM's, `UsedNonces`; brings `p256` |
//! | `tpm` | no | `tpm::TpmProvider` on Linux; brings `tss-esapi`, and needs the C library libtss2 |
//! | `testing` | no | in-memory ports with faults, a manual clock, and the conformance suite |

/// The example of the README is run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod binding;
mod clock;
#[cfg(feature = "testing")]
pub mod conformance;
mod error;
#[cfg(feature = "testing")]
pub mod in_memory;
mod key_id;
mod payload;
mod ports;
#[cfg(feature = "signing")]
mod private;
mod protection;
#[cfg(feature = "signing")]
mod provider;
#[cfg(feature = "signing")]
mod replay;
#[cfg(feature = "signing")]
mod signature;
#[cfg(feature = "signing")]
mod store;
mod text;

pub use binding::{Binding, BindingError, StoredBinding};
pub use clock::{Clock, SystemClock};
pub use error::{BoxError, PayloadError};
#[cfg(feature = "signing")]
pub use error::{DeviceKeyError, ProviderError};
pub use key_id::{BadKeyId, KeyId};
pub use payload::{AllowedTargets, ClientConnection, ClientEnrolment, SignPayload};
pub use ports::DeviceKeyBindingStore;
#[cfg(feature = "signing")]
pub use ports::DeviceKeyProvider;
pub use protection::{ProtectionClass, ProtectionPolicy};
#[cfg(all(feature = "tpm", target_os = "linux"))]
pub use provider::tpm;
#[cfg(feature = "signing")]
pub use provider::{SoftwareProvider, UnavailableProvider};
#[cfg(feature = "signing")]
pub use replay::UsedNonces;
#[cfg(feature = "signing")]
pub use signature::{PublicKey, Signature};
#[cfg(feature = "signing")]
pub use store::{DeviceKey, DeviceKeyOptions, DeviceKeyStore, Orphans, Rotated, Signed};
pub use text::TextProblem;

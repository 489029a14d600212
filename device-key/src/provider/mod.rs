//! Providers: keys of one protection class each.

mod folder;
mod software;
#[cfg(all(feature = "tpm", target_os = "linux"))]
pub mod tpm;
mod unavailable;

pub use software::SoftwareProvider;
#[cfg(feature = "testing")]
pub(crate) use software::{random_key, sign};
pub use unavailable::UnavailableProvider;

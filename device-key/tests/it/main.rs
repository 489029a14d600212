//! The store over in-memory ports and over real files.

mod conformance;
mod faults;
mod formats;
mod hanging;
mod payloads;
mod policies;
mod secrets;
mod software;
mod support;
#[cfg(all(feature = "tpm", target_os = "linux"))]
mod swtpm;
#[cfg(all(feature = "tpm", target_os = "linux"))]
mod tpm;

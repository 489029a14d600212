//! The server, as its clients see it.

#![cfg(unix)]

pub(crate) mod client;
mod cursors;
mod daemon;
mod device_keys;
mod fields;
mod foreign_cursors;
mod lines;
mod list;
mod metadata;
mod methods;
mod notified;
#[cfg(target_os = "linux")]
mod other_user;
mod read_only;
mod recorded;
mod replaced;
mod search;

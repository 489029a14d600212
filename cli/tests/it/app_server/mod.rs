//! The server, as its clients see it.

#![cfg(unix)]

mod client;
mod daemon;
mod device_keys;
mod lines;
mod list;
mod methods;
mod notified;
mod recorded;
mod search;

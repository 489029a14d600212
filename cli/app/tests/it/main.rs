//! Tests of the library.

mod folders;
mod label;
#[cfg(unix)]
mod memories_killed;
mod message;
mod metrics;
mod name;
mod sandbox;
mod text;
mod time;
mod upload;
mod when;

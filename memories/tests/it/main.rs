//! Tests of the crate, over its in-memory ports.

mod extraction;
mod files;
mod in_memory;
#[cfg(all(feature = "workspace", unix))]
mod workspace;

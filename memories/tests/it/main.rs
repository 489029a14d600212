//! Tests of the crate, over its in-memory ports.

#[cfg(all(feature = "workspace", unix))]
mod consolidation;
mod extraction;
mod files;
mod in_memory;
#[cfg(all(feature = "workspace", unix))]
mod workspace;

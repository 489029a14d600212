//! Tests of the crate, over its in-memory ports.

mod extraction;
mod in_memory;

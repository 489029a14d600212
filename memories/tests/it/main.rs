//! Tests of the crate, over its in-memory ports.

mod in_memory;

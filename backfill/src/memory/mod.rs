//! In-memory ports: for tests of whatever uses the engine, and for the engine's own, which crash it at every step.
//!
//! [`MemorySource`] holds contents, [`MemoryStore`] is index and progress in one. Both count their steps in a [`Faults`],
//! which can fail or kill the engine at any of them.

mod faults;
mod rows;
mod source;
mod store;

pub use faults::{Fault, Faults};
pub use rows::{MemoryRow, MemorySnapshot};
pub use source::{Behaviour, Content, MemorySource};
pub use store::{MemoryStats, MemoryStore, MemoryWorker};

//! In-memory ports, for tests of the engine and of its users.
//!
//! [`InMemorySource`] holds items, [`InMemoryStore`] is index and progress in one. Both count their
//! steps in a [`Faults`], which can fail or kill the engine at any of them.

mod clock;
mod faults;
mod problem;
mod rows;
mod source;
mod store;

pub use clock::ManualClock;
pub use faults::{Fault, Faults};
pub use problem::InMemoryProblem;
pub use rows::{InMemoryOutcome, InMemoryRow, InMemorySnapshot};
pub use source::{Behaviour, InMemorySource, ItemContent};
pub use store::{InMemoryStore, StoreStats};

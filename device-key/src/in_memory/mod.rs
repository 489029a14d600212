//! In-memory ports, for tests of the store and of its users.
//!
//! [`InMemoryBindings`] holds bindings, `InMemoryProvider` keys. Both count their steps in a
//! [`Faults`], which can fail or kill the process at any of them.

mod bindings;
mod clock;
mod faults;
#[cfg(feature = "signing")]
mod provider;

pub use bindings::InMemoryBindings;
pub use clock::ManualClock;
pub use faults::{Fault, Faults};
#[cfg(feature = "signing")]
pub use provider::InMemoryProvider;

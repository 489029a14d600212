//! In-memory implementations of the ports, for tests.

mod clock;
mod data;
mod jobs;
mod lock;
mod outputs;
mod runners;
mod store;
mod thread;

pub use clock::ManualClock;
pub use runners::{InMemoryTexts, ScriptedAgent, ScriptedModel};
pub use store::InMemoryStore;
pub use thread::InMemoryThread;

//! The time, injected so that tests control it.

use std::fmt::Debug;

use jiff::Timestamp;

/// A clock. Payloads of servers are compared with it, so it is the wall clock.
pub trait Clock: Debug + Send + Sync {
    /// Returns the present time.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

//! The time, injected so that tests own it.

use jiff::Timestamp;

/// Tells the time. Leases of several processes are compared by it, so it is the wall clock.
pub trait Clock: Send + Sync {
    /// The present.
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

/// A clock that stands still until it is moved; clones are the same clock.
#[cfg(feature = "testing")]
#[derive(Debug, Clone)]
pub struct ManualClock(std::sync::Arc<std::sync::Mutex<Timestamp>>);

#[cfg(feature = "testing")]
impl ManualClock {
    /// Makes a clock that stands at an instant.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(std::sync::Arc::new(std::sync::Mutex::new(now)))
    }

    /// Moves the clock on.
    pub fn advance(&self, by: std::time::Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.checked_add(by).unwrap_or(Timestamp::MAX);
    }
}

#[cfg(feature = "testing")]
impl Default for ManualClock {
    /// Some day in 2026, at noon.
    fn default() -> Self {
        Self::at(Timestamp::constant(1_782_820_800, 0))
    }
}

#[cfg(feature = "testing")]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

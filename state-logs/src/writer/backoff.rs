//! Pauses between retries.

use std::time::{Duration, Instant};

/// The pause after the first failure.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(300);

/// Pause after consecutive failures.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    pause: Duration,
    until: Option<Instant>,
}

impl Backoff {
    /// Records a failure, and doubles the pause.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.pause = (self.pause * 2).clamp(FIRST, LONGEST);
        self.until = Some(now + self.pause);
    }

    /// Records a success.
    pub(crate) fn succeeded(&mut self) {
        *self = Backoff::default();
    }

    /// Returns the time of the next try; `None` without a failure.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.until
    }
}

//! Retries with a limit and random pauses, on top of SQLite's busy timeout.

use std::time::{Duration, Instant};

/// Longest pause between two tries, in microseconds.
const LONGEST_PAUSE: u64 = 100_000;

/// Time and tries of one operation.
pub(crate) struct Retry {
    started: Instant,
    limit: Duration,
    tries: u32,
}

impl Retry {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { started: Instant::now(), limit, tries: 0 }
    }

    pub(crate) fn waited(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn left(&self) -> Duration {
        self.limit.saturating_sub(self.waited())
    }

    pub(crate) fn tries(&self) -> u32 {
        self.tries
    }

    /// Pauses before the next try. Returns false when the time is up.
    ///
    /// The limit of the pause doubles from 1 ms to 100 ms, and each pause is a random part of it, so that two connections that
    /// collided do not collide again.
    pub(crate) async fn again(&mut self) -> bool {
        let left = self.left();
        if left.is_zero() {
            return false;
        }
        let most = (1_000_u64 << self.tries.min(7)).min(LONGEST_PAUSE);
        self.tries = self.tries.saturating_add(1);
        tokio::time::sleep(Duration::from_micros(fastrand::u64(most / 4..=most)).min(left)).await;
        true
    }
}

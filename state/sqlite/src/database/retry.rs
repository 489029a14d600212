//! Bounded, jittered trying again: what stands above SQLite's own busy timeout.

use std::time::{Duration, Instant};

/// The longest pause between two tries, in microseconds.
const LONGEST_PAUSE: u64 = 100_000;

/// Counts the time and the tries of one operation.
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

    /// Pauses and says whether to try again; `false` when the time is up.
    ///
    /// The pause doubles from 1 ms to 100 ms, and each is a random part of that: two that collided do not collide again.
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

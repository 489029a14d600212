//! Retries with a limit and random pauses, on top of SQLite's busy timeout.

use std::time::{Duration, Instant};

use crate::error::ErrorClass;

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

    /// Returns true, after a pause, if another connection was in the way and time is left.
    pub(crate) async fn is_due(&mut self, error: &sqlx::Error) -> bool {
        ErrorClass::of(error) == ErrorClass::Busy && self.again().await
    }

    /// Pauses before the next try. Returns false when the time is up.
    ///
    /// The limit of the pause doubles from 1 ms to 100 ms, and each pause is a random part of it,
    /// so that two connections that collided do not collide again.
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

/// Evaluates an expression until no other connection is in its way, or the time of a [`Retry`] is
/// up. A macro, because the future of an async closure would not be `Send`.
macro_rules! patiently {
    ($retry:expr, $work:expr) => {
        loop {
            match $work {
                Err(error) if $retry.is_due(&error).await => {}
                done => break done,
            }
        }
    };
}
pub(crate) use patiently;

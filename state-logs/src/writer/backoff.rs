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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Backoff;

    #[test]
    fn pauses_double_up_to_the_longest_and_reset_on_success() {
        let now = Instant::now();
        let mut backoff = Backoff::default();
        assert_eq!(backoff.until(), None);
        let mut pauses = Vec::new();
        for _ in 0..11 {
            backoff.failed(now);
            pauses.push(backoff.until().map_or(Duration::ZERO, |until| until - now).as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        backoff.succeeded();
        assert_eq!(backoff.until(), None);
        backoff.failed(now);
        assert_eq!(backoff.until(), Some(now + Duration::from_secs(1)));
    }
}

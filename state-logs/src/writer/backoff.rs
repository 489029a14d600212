//! When to try again what has failed.

use std::time::{Duration, Instant};

/// The pause after the first failure.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(300);

/// Counts failures in a row, and says how long to leave it.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    pause: Duration,
    until: Option<Instant>,
}

impl Backoff {
    /// Notes a failure: the pause is twice the last one.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.pause = (self.pause * 2).clamp(FIRST, LONGEST);
        self.until = Some(now + self.pause);
    }

    /// Notes that it worked.
    pub(crate) fn succeeded(&mut self) {
        *self = Backoff::default();
    }

    /// Returns the moment of the next try; `None` when there is no reason to wait.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Backoff;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_a_success() {
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

//! Tests of the pauses between retries.

use std::time::{Duration, Instant};

use super::backoff::Backoff;

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

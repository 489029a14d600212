//! Waits between two tries.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// Longest wait within a request. A longer one is left to the caller.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(60);
/// Longest wait that a server can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns the wait after a try: 1 s, 2 s, 4 s and so on, less up to half of it, so that clients
/// which failed together do not come again together.
pub(crate) fn back_off(tries: u32) -> Duration {
    let full = Duration::from_secs(1 << tries.saturating_sub(1).min(5));
    full.mul_f64(1.0 - fastrand::f64() / 2.0)
}

/// Reads the header `Retry-After`: seconds, or a date.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = match value.parse::<f64>() {
        Ok(seconds) if seconds >= 0.0 => Duration::try_from_secs_f64(seconds).unwrap_or(MAX_RETRY_AFTER),
        Ok(_) => return None,
        Err(_) => {
            let at = DateTimeParser::new().relaxed_weekday(true).parse_timestamp(value).ok()?;
            at.duration_since(now).try_into().unwrap_or_default()
        }
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let now = Timestamp::from_second(784_111_777).expect("a time");
        let read = |value| retry_after(value, now).map(|wait| wait.as_secs());
        assert_eq!(read("7"), Some(7));
        assert_eq!(read(" 0 "), Some(0));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0), "it is past");
        assert_eq!(read("Wed, 06 Nov 2095 08:00:00 GMT"), Some(86_400));
        assert_eq!(read("99999999999999999999"), Some(86_400));
        assert_eq!(read("-1"), None);
        assert_eq!(read("NaN"), None);
        assert_eq!(read("soon"), None);
    }

    #[test]
    fn waits_grow() {
        for tries in 1..100 {
            let full = Duration::from_secs(1 << (tries - 1).min(5));
            assert!((full / 2..=full).contains(&back_off(tries)), "{tries}");
        }
    }
}

//! A point in time as it can be typed.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, Zoned};

/// Reads `2026-11-22T13:23:16Z`, Unix seconds, how long ago (`90s`, `15m`, `2h`, `3d`, `1w`), or a date with or without a time
/// in the zone that times are printed in.
pub(super) fn when(text: &str) -> Result<Timestamp, String> {
    when_at(text, &Zoned::now())
}

fn when_at(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    const EXPECTED: &str =
        "a time is like 2026-11-22T13:23:16Z, 2026-11-22, 1795353796 (Unix seconds), or 15m, 2h, 3d (ago)";
    let far = || format!("{text} is too far away; {EXPECTED}");
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).map_err(|_| far());
    }
    if let Some((number, unit)) = ago(text) {
        let seconds = number.checked_mul(unit).ok_or_else(far)?;
        return now.timestamp().checked_sub(SignedDuration::from_secs(seconds)).map_err(|_| far());
    }
    let local = || {
        let civil: DateTime = text.parse().ok()?;
        Some(civil.to_zoned(now.time_zone().clone()).ok()?.timestamp())
    };
    text.parse().ok().or_else(local).ok_or_else(|| EXPECTED.to_owned())
}

/// A number and the seconds of its unit.
fn ago(text: &str) -> Option<(i64, i64)> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
        .map(|number| (number, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_typed_in_full_in_seconds_or_as_how_long_ago() -> Result<(), Box<dyn std::error::Error>> {
        let now: Zoned = "2026-11-22T17:30:00+05:30[+05:30]".parse()?;
        let read = |text: &str| when_at(text, &now).map(|at| at.to_string());
        assert_eq!(read("2026-11-22T13:23:16+01:00")?, "2026-11-22T12:23:16Z");
        assert_eq!(read("1795353796")?, "2026-11-22T13:23:16Z");
        assert_eq!(read("0")?, "1970-01-01T00:00:00Z");
        for (text, at) in [("90s", "T11:58:30Z"), ("15m", "T11:45:00Z"), ("2h", "T10:00:00Z")] {
            assert_eq!(read(text)?, format!("2026-11-22{at}"));
        }
        assert_eq!(read("2026-11-22")?, "2026-11-21T18:30:00Z", "midnight, here");
        assert_eq!(read("2026-11-22T05:30")?, "2026-11-22T00:00:00Z");
        assert_eq!(read("3d")?, "2026-11-19T12:00:00Z");
        assert_eq!(read("1w")?, "2026-11-15T12:00:00Z");
        Ok(())
    }

    #[test]
    fn what_is_no_time_says_what_is() {
        for text in [
            "",
            "yesterday",
            "-2h",
            "h",
            "2x",
            "2026-13-22",
            "+3d",
            "99999999999999999999",
            "9999999999999w",
            "1795353796000",
            "é",
        ] {
            assert!(when(text).is_err_and(|said| said.contains("a time is like")), "{text}");
        }
    }
}

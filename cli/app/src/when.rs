//! A point in time as it can be typed.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp, Zoned};

/// Reads `2026-11-22T13:23:16Z`, Unix seconds, an age (`90s`, `15m`, `2h`, `3d`, `1w`), or a date
/// with or without a time in the zone that times are printed in. A date may be `today` or
/// `yesterday`.
///
/// # Errors
///
/// Says which forms a time may have.
pub fn when(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    const EXPECTED: &str = "a time is like 2026-11-22T13:23:16Z, 2026-11-22, yesterday, 1795353796 (Unix seconds), or 15m, 2h, 3d, 2w (ago)";
    let far = || format!("{text} is too far away; {EXPECTED}");
    if text.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(seconds) = text.parse::<i64>()
    {
        return Timestamp::from_second(seconds).map_err(|_| far());
    }
    if let Some((number, unit)) = ago(text) {
        let seconds = number.checked_mul(unit).ok_or_else(far)?;
        return now.timestamp().checked_sub(SignedDuration::from_secs(seconds)).map_err(|_| far());
    }
    let local = || {
        let civil: DateTime = day(text, now).map(DateTime::from).or_else(|| text.parse().ok())?;
        Some(civil.to_zoned(now.time_zone().clone()).ok()?.timestamp())
    };
    text.parse().ok().or_else(local).ok_or_else(|| EXPECTED.to_owned())
}

/// Reads a date alone: `2026-11-22`, `today` or `yesterday`.
pub fn day(text: &str, now: &Zoned) -> Option<Date> {
    match text {
        "today" => Some(now.date()),
        "yesterday" => now.date().yesterday().ok(),
        text => text.parse().ok().filter(|_| !text.contains(':')),
    }
}

/// Splits an age into its number and the seconds of its unit.
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

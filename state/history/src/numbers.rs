//! Numbers and days as SQLite has them.

use jiff::civil::Date;

/// Returns a number as SQLite has it.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Returns the number of a day, counted from 1970-01-01.
pub(crate) fn day_number(day: Date) -> i64 {
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.until(day).map_or(0, |span| i64::from(span.get_days()))
}

/// Returns the day with a number.
pub(crate) fn day_of(number: i64) -> Option<Date> {
    let days = jiff::Span::new().try_days(number).ok()?;
    jiff::civil::date(1970, 1, 1).checked_add(days).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_survive() {
        for (number, text) in [(0, "1970-01-01"), (20_783, "2026-11-26"), (-1, "1969-12-31")] {
            let day: Date = text.parse().expect("a day");
            assert_eq!((day_number(day), day_of(number)), (number, Some(day)));
        }
        assert_eq!(day_of(i64::MAX), None);
    }
}

//! Times for people: local, and relative to now as far as that says more.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit, Zoned};
use std::time::Duration;

/// What is now, and where.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    now: Zoned,
}

impl Clock {
    /// The machine's time in its own zone.
    pub(crate) fn system() -> Clock {
        Clock { now: Timestamp::now().to_zoned(TimeZone::system()) }
    }

    /// `3 min ago`, `yesterday`, `12 Nov`, `in 24 s`: as much as a list needs.
    pub(crate) fn short(&self, at: Timestamp) -> String {
        let then = at.to_zoned(self.now.time_zone().clone());
        let ago = self.now.timestamp().duration_since(at);
        // The time zone's midnights count, not spans of 24 hours.
        let days = then.date().until((Unit::Day, self.now.date())).map_or(i32::MAX, |span| span.get_days());
        match ago.as_secs() {
            0..=59 => "just now".to_owned(),
            -59..=-1 => format!("in {} s", -ago.as_secs()),
            -3_599..=-60 => format!("in {} min", -ago.as_mins()),
            -86_399..=-3_600 if days == 0 || ago.as_hours() > -6 => format!("in {} h", -ago.as_hours()),
            _ if days == -1 => "tomorrow".to_owned(),
            60..=3_599 => format!("{} min ago", ago.as_mins()),
            3_600..=86_399 if days == 0 || ago.as_hours() < 6 => format!("{} h ago", ago.as_hours()),
            _ if days == 1 => "yesterday".to_owned(),
            _ if (2..7).contains(&days) => format!("{days} days ago"),
            _ if then.year() == self.now.year() => then.strftime("%-d %b").to_string(),
            _ => then.strftime("%-d %b %Y").to_string(),
        }
    }

    /// The date of today, as it sorts: `2026-11-22`.
    pub(crate) fn today(&self) -> String {
        self.now.date().to_string()
    }

    /// The moment, to the millisecond: `2026-11-22 14:27:00.123`.
    pub(crate) fn precise(&self, at: Timestamp) -> String {
        at.to_zoned(self.now.time_zone().clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
    }

    /// The same without the date: `14:27:00.123`.
    pub(crate) fn time_of_day(&self, at: Timestamp) -> String {
        at.to_zoned(self.now.time_zone().clone()).strftime("%H:%M:%S%.3f").to_string()
    }

    /// The time of day and date in full, and how long ago that was.
    pub(crate) fn full(&self, at: Timestamp) -> String {
        let then = at.to_zoned(self.now.time_zone().clone());
        let full = then.strftime("%Y-%m-%d %H:%M:%S");
        let short = self.short(at);
        let says_more = short.ends_with("ago")
            || short.starts_with("in ")
            || matches!(short.as_str(), "just now" | "yesterday" | "tomorrow");
        if says_more { format!("{full} ({short})") } else { full.to_string() }
    }
}

/// How long something took: `87 ms`, `3.2 s`, `2 min 5 s`.
pub(crate) fn took(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        1..=59 => format!("{:.1} s", duration.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Result<Clock, jiff::Error> {
        Ok(Clock { now: "2026-11-22T14:30:00+01:00[+01:00]".parse()? })
    }

    #[test]
    fn a_list_says_when_in_a_word_or_two() -> Result<(), jiff::Error> {
        let short = |at: &str| -> Result<String, jiff::Error> { Ok(clock()?.short(at.parse()?)) };
        assert_eq!(short("2026-11-22T13:29:30Z")?, "just now");
        assert_eq!(short("2026-11-22T13:27:00Z")?, "3 min ago");
        assert_eq!(short("2026-11-22T00:10:00Z")?, "13 h ago");
        assert_eq!(short("2026-11-21T22:10:00Z")?, "yesterday");
        assert_eq!(short("2026-11-21T10:00:00Z")?, "yesterday");
        assert_eq!(short("2026-11-18T10:00:00Z")?, "4 days ago");
        assert_eq!(short("2026-11-12T10:00:00Z")?, "12 Nov");
        assert_eq!(short("2019-02-03T10:00:00Z")?, "3 Feb 2019");
        Ok(())
    }

    #[test]
    fn what_is_to_come_is_never_just_now() -> Result<(), jiff::Error> {
        let short = |at: &str| -> Result<String, jiff::Error> { Ok(clock()?.short(at.parse()?)) };
        assert_eq!(short("2026-11-22T13:30:24Z")?, "in 24 s");
        assert_eq!(short("2026-11-22T13:35:30Z")?, "in 5 min");
        assert_eq!(short("2026-11-22T20:00:00Z")?, "in 6 h");
        assert_eq!(short("2026-11-23T20:00:00Z")?, "tomorrow");
        assert_eq!(short("2026-11-24T20:00:00Z")?, "24 Nov");
        assert_eq!(short("2031-11-24T20:00:00Z")?, "24 Nov 2031");
        Ok(())
    }

    #[test]
    fn a_sheet_says_both() -> Result<(), jiff::Error> {
        assert_eq!(clock()?.full("2026-11-22T13:27:00Z".parse()?), "2026-11-22 14:27:00 (3 min ago)");
        assert_eq!(clock()?.full("2019-02-03T10:00:00Z".parse()?), "2019-02-03 11:00:00");
        Ok(())
    }

    #[test]
    fn a_log_is_exact() -> Result<(), jiff::Error> {
        let at = "2026-11-22T13:27:00.0456Z".parse()?;
        assert_eq!(clock()?.precise(at), "2026-11-22 14:27:00.045");
        assert_eq!(clock()?.time_of_day("2026-11-22T13:27:00Z".parse()?), "14:27:00.000");
        Ok(())
    }

    #[test]
    fn durations_are_rounded_for_people() {
        assert_eq!(took(Duration::from_millis(87)), "87 ms");
        assert_eq!(took(Duration::from_millis(3_240)), "3.2 s");
        assert_eq!(took(Duration::from_secs(125)), "2 min 5 s");
    }
}

//! Times for people: local, and relative to now as far as that says more.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit, Zoned};
use std::time::Duration;

/// The present moment in a time zone.
#[derive(Clone, Debug)]
pub struct Clock {
    now: Zoned,
}

impl Clock {
    /// Reads the machine's time in its own zone.
    pub fn system() -> Clock {
        Clock { now: Timestamp::now().to_zoned(TimeZone::system()) }
    }

    /// Makes a clock that stands still.
    pub fn at(now: Zoned) -> Clock {
        Clock { now }
    }

    /// Renders as much as a list needs: `3 min ago`, `yesterday`, `12 Nov`, `in 24 s`.
    pub fn short(&self, at: Timestamp) -> String {
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

    /// Renders today's date: `2026-11-22`.
    pub fn today(&self) -> String {
        self.now.date().to_string()
    }

    /// Renders a moment to the millisecond: `2026-11-22 14:27:00.123`.
    pub fn precise(&self, at: Timestamp) -> String {
        at.to_zoned(self.now.time_zone().clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
    }

    /// Renders a moment to the second: `2026-11-22 14:27:00`.
    pub fn moment(&self, at: Timestamp) -> String {
        at.to_zoned(self.now.time_zone().clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// Renders the time of day to the millisecond: `14:27:00.123`.
    pub fn time_of_day(&self, at: Timestamp) -> String {
        at.to_zoned(self.now.time_zone().clone()).strftime("%H:%M:%S%.3f").to_string()
    }

    /// Renders date and time in full, and how long ago that was.
    pub fn full(&self, at: Timestamp) -> String {
        let then = at.to_zoned(self.now.time_zone().clone());
        let full = then.strftime("%Y-%m-%d %H:%M:%S");
        let short = self.short(at);
        let says_more = short.ends_with("ago")
            || short.starts_with("in ")
            || matches!(short.as_str(), "just now" | "yesterday" | "tomorrow");
        if says_more { format!("{full} ({short})") } else { full.to_string() }
    }
}

/// Renders a duration: `87 ms`, `3.2 s`, `2 min 5 s`.
pub fn elapsed(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        1..=59 => format!("{:.1} s", duration.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

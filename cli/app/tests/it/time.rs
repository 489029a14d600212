//! Times for people.

use std::time::Duration;

use threadkeep_app::time::{Clock, elapsed};

fn clock() -> Result<Clock, jiff::Error> {
    Ok(Clock::at("2026-11-22T14:30:00+01:00[+01:00]".parse()?))
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
    assert_eq!(elapsed(Duration::from_millis(87)), "87 ms");
    assert_eq!(elapsed(Duration::from_millis(3_240)), "3.2 s");
    assert_eq!(elapsed(Duration::from_secs(125)), "2 min 5 s");
}

//! A point in time as it can be typed.

use jiff::Zoned;
use threadkeep_app::when::when;

#[test]
fn a_time_is_typed_in_full_in_seconds_or_as_how_long_ago() -> Result<(), Box<dyn std::error::Error>> {
    let now: Zoned = "2026-11-22T17:30:00+05:30[+05:30]".parse()?;
    let read = |text: &str| when(text, &now).map(|at| at.to_string());
    assert_eq!(read("2026-11-22T13:23:16+01:00")?, "2026-11-22T12:23:16Z");
    assert_eq!(read("1795353796")?, "2026-11-22T13:23:16Z");
    assert_eq!(read("0")?, "1970-01-01T00:00:00Z");
    for (text, at) in [("90s", "T11:58:30Z"), ("15m", "T11:45:00Z"), ("2h", "T10:00:00Z")] {
        assert_eq!(read(text)?, format!("2026-11-22{at}"));
    }
    assert_eq!(read("2026-11-22")?, "2026-11-21T18:30:00Z", "midnight, here");
    assert_eq!(read("today")?, read("2026-11-22")?);
    assert_eq!(read("yesterday")?, read("2026-11-21")?);
    assert_eq!(read("2026-11-22T05:30")?, "2026-11-22T00:00:00Z");
    assert_eq!(read("3d")?, "2026-11-19T12:00:00Z");
    assert_eq!(read("1w")?, "2026-11-15T12:00:00Z");
    Ok(())
}

#[test]
fn what_is_no_time_says_what_is() {
    for text in [
        "",
        "tomorrow",
        "-2h",
        "h",
        "2x",
        "2026-13-22",
        "+3d",
        "+1",
        "-1",
        "99999999999999999999",
        "9999999999999w",
        "1795353796000",
        "é",
    ] {
        assert!(when(text, &Zoned::now()).is_err_and(|said| said.contains("a time is like")), "{text}");
    }
}

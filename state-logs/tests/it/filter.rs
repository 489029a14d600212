//! The syntax of filters, and what they keep.

use threadkeep_state_logs::{BadFilter, LogFilter};
use tracing::Level;

#[test]
fn the_longest_target_wins() -> Result<(), BadFilter> {
    let filter: LogFilter = "info, sqlx=warn ,sqlx::query=trace,,noise=off".parse()?;
    for (target, level, is_kept) in [
        ("anything", Level::INFO, true),
        ("anything", Level::DEBUG, false),
        ("sqlx", Level::INFO, false),
        ("sqlx::query", Level::TRACE, true),
        ("noise::below", Level::ERROR, false),
    ] {
        assert_eq!(filter.keeps_target(target, level), is_kept, "{target} {level}");
    }
    assert_eq!(filter.to_string(), "info,sqlx=warn,sqlx::query=trace,noise=off");
    assert_eq!(filter.to_string().parse(), Ok(filter));
    Ok(())
}

#[test]
fn off_is_off_and_targets_may_still_be_on() -> Result<(), BadFilter> {
    assert!("off".parse::<LogFilter>()?.is_off());
    assert!("info,off".parse::<LogFilter>()?.is_off(), "the later default wins");
    assert!("a=off".parse::<LogFilter>()?.is_off());
    let filter: LogFilter = "off,threadkeep=debug".parse()?;
    assert!(!filter.is_off() && filter.keeps_target("threadkeep::x", Level::DEBUG));
    assert!(!filter.keeps_target("other", Level::ERROR));
    assert!(LogFilter::default().keeps_target("other", Level::INFO));
    Ok(())
}

#[test]
fn a_bad_directive_is_named() {
    let says = |text: &str| text.parse::<LogFilter>().map_err(|error| error.to_string());
    let bad = |text: &str| says(text).expect_err(text);
    insta::assert_snapshot!(bad(""), @"a filter has at least one directive, such as `info`; `off` keeps nothing");
    insta::assert_snapshot!(bad("inof,sqlx=warn"), @"unknown level `inof` (error, warn, info, debug, trace, off); for a target write `inof=trace`");
    insta::assert_snapshot!(bad("info,sqlx=wran"), @"unknown level after the last `=` in `sqlx=wran` (error, warn, info, debug, trace, off)");
    insta::assert_snapshot!(bad("info,sqlx="), @"unknown level after the last `=` in `sqlx=` (error, warn, info, debug, trace, off)");
    insta::assert_snapshot!(bad("=warn"), @"`=warn` is no directive; write `LEVEL` or `TARGET=LEVEL`, such as `info` or `sqlx=warn`");
    insta::assert_snapshot!(bad("a[span]=warn"), @"`a[span]=warn` is no directive; write `LEVEL` or `TARGET=LEVEL`, such as `info` or `sqlx=warn`");
    assert_eq!("x,y=z".parse::<LogFilter>(), Err(BadFilter::NoLevel("x".to_owned())));
}

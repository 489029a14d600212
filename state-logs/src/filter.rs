//! Filter of events: a default level and levels of targets, in the syntax of `RUST_LOG`.

use std::fmt;
use std::str::FromStr;

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Filter};

/// Filter of events: directives separated by commas.
///
/// `LEVEL` applies to everything, and `TARGET=LEVEL` to a target and those below it; the longest target wins. A level is
/// `error`, `warn`, `info`, `debug`, `trace` or `off`.
///
/// ```
/// use threadkeep_state_logs::LogFilter;
///
/// let filter: LogFilter = "info,sqlx=warn,threadkeep_state=debug".parse()?;
/// assert_eq!(filter.to_string(), "info,sqlx=warn,threadkeep_state=debug");
/// assert!("off".parse::<LogFilter>()?.is_off());
/// # Ok::<(), threadkeep_state_logs::BadFilter>(())
/// ```
///
/// Unlike in `RUST_LOG`, a target alone is refused: most often it is a mistyped level. Conditions on spans (`[…]`) are
/// refused too.
#[derive(Clone, Debug)]
pub struct LogFilter {
    text: String,
    targets: Targets,
    is_off: bool,
}

/// Reason why a filter is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadFilter {
    /// It has no directive.
    #[error("a filter has at least one directive, such as `info`; `off` keeps nothing")]
    Empty,
    /// A directive without a target is not a level.
    #[error(
        "unknown level `{directive}` (error, warn, info, debug, trace, off); for a target write `{directive}=trace`"
    )]
    NoLevel {
        /// The directive.
        directive: String,
    },
    /// The word after a target is not a level.
    #[error("unknown level after the last `=` in `{directive}` (error, warn, info, debug, trace, off)")]
    BadLevel {
        /// The directive.
        directive: String,
        /// The word after the `=`.
        level: String,
    },
    /// The text before the `=` is not a target.
    #[error("`{directive}` is no directive; write `LEVEL` or `TARGET=LEVEL`, such as `info` or `sqlx=warn`")]
    BadTarget {
        /// The directive.
        directive: String,
    },
}

impl BadFilter {
    /// Returns the invalid directive; `None` for an empty filter.
    #[must_use]
    pub fn directive(&self) -> Option<&str> {
        match self {
            BadFilter::Empty => None,
            BadFilter::NoLevel { directive }
            | BadFilter::BadLevel { directive, .. }
            | BadFilter::BadTarget { directive } => Some(directive),
        }
    }
}

impl LogFilter {
    /// The default filter: INFO and above, and WARN and above of the database driver.
    pub const DEFAULT: &'static str = "info,sqlx=warn";

    /// Returns true if the filter keeps no event.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.is_off
    }

    /// Returns true if the filter keeps an event.
    pub(crate) fn keeps(&self, metadata: &Metadata<'_>) -> bool {
        self.keeps_target(metadata.target(), *metadata.level())
    }

    /// Returns true if the filter keeps events of this target and level.
    #[must_use]
    pub fn keeps_target(&self, target: &str, level: tracing::Level) -> bool {
        !self.is_off && self.targets.would_enable(target, &level)
    }

    /// Returns true if the layer needs a callsite. It needs every span, because any may have a thread's id.
    fn needs(&self, metadata: &Metadata<'_>) -> bool {
        !self.is_off && (metadata.is_span() || self.keeps(metadata))
    }
}

impl Default for LogFilter {
    fn default() -> LogFilter {
        LogFilter::DEFAULT.parse().expect("a test reads it")
    }
}

impl FromStr for LogFilter {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<LogFilter, BadFilter> {
        let mut targets = Targets::new();
        let mut is_off = true;
        let mut directives = Vec::new();
        for directive in text.split(',').map(str::trim).filter(|directive| !directive.is_empty()) {
            let (target, level) = read(directive)?;
            targets = match target {
                Some(target) => targets.with_target(target, level),
                None => targets.with_default(level),
            };
            directives.push(directive);
        }
        if directives.is_empty() {
            return Err(BadFilter::Empty);
        }
        // A later directive for the same target has replaced the earlier one.
        is_off &= targets.default_level().is_none_or(|level| level == LevelFilter::OFF);
        is_off &= targets.iter().all(|(_, level)| level == LevelFilter::OFF);
        Ok(LogFilter { text: directives.join(","), targets, is_off })
    }
}

fn read(directive: &str) -> Result<(Option<&str>, LevelFilter), BadFilter> {
    let name = || directive.to_owned();
    let Some((target, level)) = directive.split_once('=') else {
        let level = level_of(directive).ok_or_else(|| BadFilter::NoLevel { directive: name() })?;
        return Ok((None, level));
    };
    let (target, level) = (target.trim(), level.trim());
    let is_target = |character: char| character.is_alphanumeric() || "_:-./".contains(character);
    if target.is_empty() || !target.chars().all(is_target) {
        return Err(BadFilter::BadTarget { directive: name() });
    }
    let level =
        level_of(level).ok_or_else(|| BadFilter::BadLevel { directive: name(), level: level.to_owned() })?;
    Ok((Some(target), level))
}

fn level_of(word: &str) -> Option<LevelFilter> {
    // The parser of tracing reads an empty word as `error`.
    if word.is_empty() { None } else { word.parse().ok() }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl PartialEq for LogFilter {
    fn eq(&self, other: &LogFilter) -> bool {
        self.targets == other.targets
    }
}

/// Filter of one layer. See [`LogLayer::filtered`](crate::LogLayer::filtered).
impl<S> Filter<S> for LogFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.needs(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.needs(metadata) { Interest::always() } else { Interest::never() }
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::{BadFilter, LogFilter};

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
        assert_eq!("x,y=z".parse::<LogFilter>().expect_err("bad").directive(), Some("x"));
    }
}

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
/// `LEVEL` applies to everything, and `TARGET=LEVEL` to a target and those below it; the longest
/// target wins. A level is `error`, `warn`, `info`, `debug`, `trace` or `off`.
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
/// Unlike in `RUST_LOG`, a target alone is refused: most often it is a mistyped level. Conditions
/// on spans (`[…]`) are refused too.
#[derive(Clone, Debug)]
pub struct LogFilter {
    text: String,
    targets: Targets,
    is_off: bool,
}

/// Reason why a filter is invalid, with the invalid directive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadFilter {
    /// It has no directive.
    #[error("a filter has at least one directive, such as `info`; `off` keeps nothing")]
    Empty,
    /// A directive without a target is not a level.
    #[error("unknown level `{0}` (error, warn, info, debug, trace, off); for a target write `{0}=trace`")]
    NoLevel(String),
    /// The word after a target is not a level.
    #[error("unknown level after the last `=` in `{0}` (error, warn, info, debug, trace, off)")]
    BadLevel(String),
    /// The text before the `=` is not a target.
    #[error("`{0}` is no directive; write `LEVEL` or `TARGET=LEVEL`, such as `info` or `sqlx=warn`")]
    BadTarget(String),
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

    /// Returns true if the layer needs a callsite. It needs every span, because any may have a
    /// thread's id.
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
        let directives: Vec<&str> = text.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
        for directive in &directives {
            targets = match read(directive)? {
                (Some(target), level) => targets.with_target(target, level),
                (None, level) => targets.with_default(level),
            };
        }
        if directives.is_empty() {
            return Err(BadFilter::Empty);
        }
        // A later directive for the same target has replaced the earlier one.
        let is_off = targets.default_level().is_none_or(|level| level == LevelFilter::OFF)
            && targets.iter().all(|(_, level)| level == LevelFilter::OFF);
        Ok(LogFilter { text: directives.join(","), targets, is_off })
    }
}

/// Reads a directive: its target, if it has one, and its level.
fn read(directive: &str) -> Result<(Option<&str>, LevelFilter), BadFilter> {
    // The parser of tracing reads an empty word as `error`.
    let level_of = |word: &str| if word.is_empty() { None } else { word.parse().ok() };
    let name = || directive.to_owned();
    let Some((target, level)) = directive.split_once('=') else {
        return Ok((None, level_of(directive).ok_or_else(|| BadFilter::NoLevel(name()))?));
    };
    let (target, level) = (target.trim(), level.trim());
    let is_target = |character: char| character.is_alphanumeric() || "_:-./".contains(character);
    if target.is_empty() || !target.chars().all(is_target) {
        return Err(BadFilter::BadTarget(name()));
    }
    Ok((Some(target), level_of(level).ok_or_else(|| BadFilter::BadLevel(name()))?))
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

//! The filter of the logs: whether it can be read, and the variable that overrides it.

use threadkeep_state_logs::LogFilter;

/// The environment variable that overrides the filter of the file.
pub(crate) const VARIABLE: &str = "THREADKEEP_LOG";

/// What a filter looks like.
pub(super) const EXAMPLE: &str = "\"info\", \"off\" or \"info,sqlx=warn\"";

/// Says what is wrong with a filter.
pub(super) fn check(filter: &str) -> Result<(), String> {
    filter.parse::<LogFilter>().map(drop).map_err(|error| error.to_string())
}

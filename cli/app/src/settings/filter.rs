//! The filter of the logs: a check, and the variable that overrides it.

use threadkeep_state_logs::LogFilter;

/// Environment variable that overrides the filter of the file.
pub(super) const VARIABLE: &str = "THREADKEEP_LOG";

/// Examples of a filter, for messages.
pub(super) const EXAMPLE: &str = "\"info\", \"off\" or \"info,sqlx=warn\"";

/// Returns what is wrong with a filter.
pub(super) fn check(filter: &str) -> Result<(), String> {
    filter.parse::<LogFilter>().map(drop).map_err(|error| error.to_string())
}

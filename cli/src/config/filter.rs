//! The filter of the logs: whether it can be read, and the variable that overrides it.

/// The environment variable that overrides the filter of the file.
pub(crate) const VARIABLE: &str = "THREADKEEP_LOG";

/// What a filter looks like.
pub(super) const EXAMPLE: &str = "\"info\", \"off\" or \"info,sqlx=warn\"";

/// Says what is wrong with a filter.
pub(super) fn check(_filter: &str) -> Result<(), String> {
    Ok(())
}

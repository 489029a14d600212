//! Columns that only the index has.

use threadkeep_rollout::{AgentGoal, RunOutcome, ThreadKind};
use threadkeep_sqlite::RowReader;

/// Reads the outcome of a run. A word that a newer program added is [`RunOutcome::Unknown`].
pub(crate) fn run_outcome(row: &mut RowReader<'_>) -> Result<RunOutcome, sqlx::Error> {
    let word: Option<&str> = row.column()?;
    Ok(word.and_then(|word| word.parse().ok()).unwrap_or_default())
}

/// Reads the kind of a thread. A word that a newer program added is [`ThreadKind::User`].
pub(crate) fn kind(row: &mut RowReader<'_>) -> Result<ThreadKind, sqlx::Error> {
    let word: &str = row.column()?;
    Ok(word.parse().unwrap_or_default())
}

/// Reads the agent's own goal. One of another form is `None`: the next pass reads it again.
pub(crate) fn objective(row: &mut RowReader<'_>) -> Result<Option<AgentGoal>, sqlx::Error> {
    let json: Option<&str> = row.column()?;
    Ok(json.and_then(|json| serde_json::from_str(json).ok()))
}

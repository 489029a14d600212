//! The columns that only the index has.

use threadkeep_rollout::RunOutcome;
use threadkeep_sqlite::RowReader;

/// Reads how a run ended. A word that a newer program added is unknown to this one.
pub(crate) fn run_outcome(row: &mut RowReader<'_>) -> Result<RunOutcome, sqlx::Error> {
    let word: Option<&str> = row.column()?;
    Ok(word.and_then(|word| word.parse().ok()).unwrap_or_default())
}

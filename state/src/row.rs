//! Columns that only the index has.

use threadkeep_rollout::RunOutcome;
use threadkeep_sqlite::RowReader;

/// Reads the outcome of a run. A word that a newer program added is [`RunOutcome::Unknown`].
pub(crate) fn run_outcome(row: &mut RowReader<'_>) -> Result<RunOutcome, sqlx::Error> {
    let word: Option<&str> = row.column()?;
    Ok(word.and_then(|word| word.parse().ok()).unwrap_or_default())
}

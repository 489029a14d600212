//! Log rows for a bundle: those of one thread, or those of the tool's own recent runs.

use threadkeep_state_logs::{LogError, LogQuery, LogRow, LogStore};
use uuid::Uuid;

use super::clean::{self, Clean};

/// Most rows of a bundle.
const ROWS: u32 = 1_000;

/// Most rows without a thread among which those of the tool are looked for.
const LOOKED_AT: u32 = 4_000;

/// Most bytes of a bundle's rows. The oldest rows are left out.
const BYTES: usize = 4 << 20;

/// Log rows as lines of JSON, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogRows {
    /// One JSON object a line.
    pub(super) text: String,
    /// Number of rows.
    pub rows: u64,
    /// Rows that were found and left out, because the bundle would be too large.
    pub left_out: u64,
}

/// Reads the newest rows of a thread.
///
/// # Errors
///
/// As [`LogStore::query`].
pub async fn of_thread(store: &LogStore, thread: Uuid, clean: Clean<'_>) -> Result<LogRows, LogError> {
    let query = LogQuery { threads: vec![thread], limit: ROWS, ..LogQuery::default() };
    Ok(lines(&store.query(&query).await?, clean))
}

/// Reads the newest rows of the tool's own runs. Rows about a thread stay out.
///
/// # Errors
///
/// As [`LogStore::query`].
pub async fn of_own_runs(store: &LogStore, clean: Clean<'_>) -> Result<LogRows, LogError> {
    let query = LogQuery { threadless: true, limit: LOOKED_AT, ..LogQuery::default() };
    let mut rows = store.query(&query).await?;
    // An agent logs to the same store.
    rows.retain(|row| row.target.starts_with("threadkeep"));
    rows.truncate(ROWS as usize);
    Ok(lines(&rows, clean))
}

/// Renders rows, which come newest first.
fn lines(rows: &[LogRow], clean: Clean<'_>) -> LogRows {
    let (mut lines, mut size) = (Vec::new(), 0);
    for row in rows {
        let Ok(value) = serde_json::to_value(row) else { continue };
        let line = clean::row(&value, clean).to_string() + "\n";
        size += line.len();
        if size > BYTES {
            break;
        }
        lines.push(line);
    }
    lines.reverse();
    let (found, kept) = (rows.len() as u64, lines.len() as u64);
    LogRows { text: lines.concat(), rows: kept, left_out: found - kept }
}

#[cfg(test)]
#[path = "../../tests/unit/feedback_logs.rs"]
mod tests;

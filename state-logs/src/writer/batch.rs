//! The rows of one transaction, and the number of rows that were dropped meanwhile.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::level::Level;
use crate::store::NewRow;

/// Rows on their way to the database. They are kept and retried while it is unusable.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) rows: Vec<NewRow>,
    /// Number of this process's dropped rows that are in the database's count.
    pub(crate) reported: u64,
}

impl Batch {
    /// Makes a row that reports the rows dropped since the last such row, if there are any.
    pub(crate) fn notice(&self, dropped: u64, process_id: Uuid, at: Timestamp) -> Option<(NewRow, u64)> {
        let count = dropped.saturating_sub(self.reported);
        if count == 0 {
            return None;
        }
        let rows = if count == 1 { "row was" } else { "rows were" };
        let row = NewRow {
            thread_id: None,
            process_id: Some(process_id),
            at,
            level: Level::Warn,
            target: env!("CARGO_CRATE_NAME").to_owned(),
            message: format!(
                "{count} log {rows} dropped: there was no room, or the logs could not be written"
            ),
            fields: Some(json!({ "dropped": count }).to_string()),
            spans: None,
            module: Some(module_path!().to_owned()),
            file: None,
            line: None,
            is_cut: false,
        };
        Some((row, count))
    }
}

//! The row that reports dropped rows.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::level::Level;
use crate::store::NewRow;

/// Makes the row that reports so many dropped rows.
pub(super) fn notice(dropped: u64, process_id: Uuid) -> NewRow {
    let rows = if dropped == 1 { "row was" } else { "rows were" };
    NewRow {
        thread_id: None,
        process_id: Some(process_id),
        at: Timestamp::now(),
        level: Level::Warn,
        target: env!("CARGO_CRATE_NAME").to_owned(),
        message: format!("{dropped} log {rows} dropped: there was no room, or the logs could not be written"),
        fields: Some(json!({ "dropped": dropped }).to_string()),
        spans: None,
        module: Some(module_path!().to_owned()),
        file: None,
        line: None,
        is_cut: false,
    }
}

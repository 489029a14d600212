//! Items as the agent wrote them.

use serde_json::value::RawValue;

use crate::format::head;
use crate::format::item::Written;
use crate::format::line::Line;
use crate::json;

/// The longest item that is kept, in bytes.
const MAX_WRITTEN: usize = 1024 * 1024;

/// Reads the whole item of a line; `None` for another line, and for an item that is too long.
pub(super) fn written(line: &Line<'_>) -> Option<Box<Written>> {
    if line.payload_type().as_deref() != Some("item_completed") {
        return None;
    }
    let [item, started, completed] =
        json::object(Some(line.payload), ["item", "started_at_ms", "completed_at_ms"]);
    let item = item.filter(|item| item.len() <= MAX_WRITTEN)?;
    Some(Box::new(Written {
        item: RawValue::from_string(item.to_owned()).ok()?,
        started_at_ms: json::number(started),
        completed_at_ms: json::number(completed),
        ordinal: head::ordinal(line.json.as_bytes()),
    }))
}

//! The rows of one session, in a database of their own: no credentials, and of failed answers
//! neither headers nor bodies.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::tables::Database;
use crate::agents::masked::mask;
use crate::error::StoreError;
use crate::found::FoundSession;
use crate::piece::Piece;
use crate::sqlite::{Clean, Rows, text};

/// Columns with the address under which anyone can read a shared session, and with free settings.
const SHARED: &[&str] = &["share_url", "metadata"];
/// Fields of a failed answer that are kept.
const FAILURE: [&str; 3] = ["message", "statusCode", "isRetryable"];

pub(super) fn pieces(database: &Database, found: &FoundSession) -> Result<Vec<Piece>, StoreError> {
    let id = found.native_id.as_str();
    // What a fork copied is only known by the messages that it copied.
    let mut originals = Vec::new();
    if database.copied.columns("message", &["session_id"])?.is_some() {
        database.copied.each("SELECT id FROM message WHERE session_id = ?1", [id], |row| {
            originals.extend(text(row, 0).and_then(|id| database.originals.get(id)).cloned());
        })?;
    }
    let mut owners = BTreeSet::new();
    for original in &originals {
        database.copied.each("SELECT session_id FROM message WHERE id = ?1", [original], |row| {
            owners.extend(text(row, 0).map(str::to_owned));
        })?;
    }
    owners.remove(id);
    let values = |ids: Vec<String>| ids.into_iter().map(Value::from).collect::<Vec<_>>();
    let own = || vec![json!(id)];
    let cleaned = Some(("data", cleaned as Clean));
    let rows = [
        Rows {
            others: values(owners.into_iter().collect()),
            needed: &["id", "time_created", "time_updated"],
            never: SHARED,
            ..Rows::of("session", "id", own())
        },
        Rows { cleaned, ..Rows::of("message", "session_id", own()) },
        // The words of these messages are the session's own, too: it has copies of them.
        Rows { cleaned, ..Rows::of("message", "id", values(originals)) },
        Rows { cleaned, ..Rows::of("part", "session_id", own()) },
        Rows::of("event_sequence", "aggregate_id", own()),
    ];
    Ok(vec![Piece::rows(database.copied.path(), database.copied.excerpt(&rows)?)])
}

/// Removes headers, bodies and addresses from a failed answer, which a message and a part of one
/// can have, and credentials from what a tool says about its call.
fn cleaned(data: &mut Value) -> bool {
    if let Some(failure) = data.pointer_mut("/error/data").and_then(Value::as_object_mut) {
        failure.retain(|name, _| FAILURE.contains(&name.as_str()));
    }
    if let Some(metadata) = data.pointer_mut("/state/metadata") {
        mask(metadata);
    }
    true
}

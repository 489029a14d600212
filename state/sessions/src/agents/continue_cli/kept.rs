//! Pieces of a session that are not its own file: its row in the list of all sessions, and what a
//! fork has copied, without which that would count as its own.

use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::document;
use super::fork::Origin;
use super::{Known, LIST};
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::piece::Piece;

pub(super) fn pieces(found: &FoundSession, known: &Known) -> Result<Vec<Piece>, StoreError> {
    let document = document::read(found.main_file()?)?.ok_or_else(|| found.gone())?;
    let origin = Origin::of(&found.native_id, &document, known);
    let parent = origin.parent.as_deref().and_then(|id| known.sessions.get(id));
    let mut pieces = Vec::new();
    if let Some(path) = parent.and_then(|parent| parent.files.first()) {
        pieces.push(Piece::context(path, beginning(path, origin.copied)?));
    }
    let Some(list) = found.files.iter().find(|path| path.ends_with(LIST)) else { return Ok(pieces) };
    let rows: Vec<Value> = files::document(list)?.unwrap_or_default();
    let row = |id: &str| rows.iter().find(|row| row["sessionId"] == id);
    let mut part: Vec<_> = row(&found.native_id).cloned().into_iter().collect();
    if let Some(row) = parent.and_then(|parent| row(&parent.native_id)) {
        part.push(json!({ "sessionId": row["sessionId"], "dateCreated": row["dateCreated"] }));
        pieces.push(Piece::context(list, json!(part).to_string().into_bytes()));
    } else if !part.is_empty() {
        pieces.push(Piece::shared_part(list, json!(part).to_string().into_bytes()));
    } else {
        pieces.push(Piece::context(list, b"[]".to_vec()));
    }
    Ok(pieces)
}

/// Returns a session with its first messages alone.
fn beginning(path: &Path, messages: usize) -> Result<Vec<u8>, StoreError> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Document {
        session_id: String,
        history: Vec<Box<RawValue>>,
    }
    let document: Document = files::document(path)?.unwrap_or_default();
    let mut history = document.history;
    history.retain(|item| serde_json::from_str::<document::Item>(item.get()).is_ok());
    history.truncate(messages);
    let history: Vec<_> = history.iter().map(|item| item.get()).collect();
    // A session begins with its id.
    Ok(format!("{{\"sessionId\":{},\"history\":[{}]}}", json!(document.session_id), history.join(",")).into())
}

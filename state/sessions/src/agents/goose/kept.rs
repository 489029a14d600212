//! The rows of one session, in a database of their own.

use serde_json::{Value, json};

use super::tables::Database;
use crate::agents::masked::mask;
use crate::error::StoreError;
use crate::found::FoundSession;
use crate::piece::Piece;
use crate::sqlite::{Rows, integer, text};

/// Columns that may have credentials: values that a user typed for a recipe, and the environments
/// and headers of extensions.
const PRIVATE: &[&str] = &["user_recipe_values_json", "recipe_json", "extension_data"];

pub(super) fn pieces(database: &Database, found: &FoundSession) -> Result<Vec<Piece>, StoreError> {
    let id = found.native_id.as_str();
    let (mut others, mut originals) = (Vec::new(), Vec::<Value>::new());
    others.extend(database.sessions.get(id).and_then(|row| row.parent.clone()));
    // What was copied is only known by the messages of the session that wrote it.
    let columns = database.copied.columns("messages", &["message_id", "session_id"])?;
    if columns.is_some_and(|columns| !columns.contains("NULL")) {
        let mut shared = Vec::new();
        database.copied.each("SELECT message_id FROM messages WHERE session_id = ?1", [id], |row| {
            let owner = |message: &str| Some((message.to_owned(), database.owners.get(message)?));
            shared.extend(text(row, 0).and_then(owner));
        })?;
        for (message, owner) in shared.into_iter().filter(|(_, owner)| *owner != id) {
            let original = "SELECT min(id) FROM messages WHERE message_id = ?1 AND session_id = ?2";
            database.copied.each(original, [message.as_str(), owner], |row| {
                originals.extend(integer(row, 0).map(Value::from));
            })?;
            others.push(owner.clone());
        }
    }
    others.retain(|other| other != id);
    let own = || vec![json!(id)];
    let rows = [
        Rows {
            others: others.into_iter().map(Value::from).collect(),
            needed: &["id", "created_at"],
            never: PRIVATE,
            cleaned: Some(("model_config_json", mask)),
            ..Rows::of("sessions", "id", own())
        },
        Rows::of("messages", "session_id", own()),
        Rows {
            others: originals,
            needed: &["id", "message_id", "session_id", "role", "created_timestamp"],
            ..Rows::of("messages", "id", Vec::new())
        },
        Rows::of("usage_ledger", "session_id", own()),
        Rows::of("schema_version", "version", database.schema.into_iter().map(Value::from).collect()),
    ];
    Ok(vec![Piece::rows(database.copied.path(), database.copied.excerpt(&rows)?)])
}

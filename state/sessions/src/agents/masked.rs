//! Settings without credentials, in documents that agents write next to their sessions.

use std::path::Path;

use serde_json::Value;

use crate::files;
use crate::piece::Piece;

/// Parts of the names of fields with credentials.
const SECRET: [&str; 5] = ["api_key", "secret", "password", "session_token", "headers"];
/// Name of a field with the environment of a program.
const ENVIRONMENT: &str = "env";
/// Ends of the names of fields with the name of an environment variable.
const NAMES: [&str; 2] = ["_env", "_env_var"];
/// Value in place of a credential, as an agent writes it.
const MASK: &str = "**********";

/// Returns a document without credentials; `None` if it has none. A document that cannot be read
/// may have some, and is kept without content.
pub(super) fn masked(path: &Path) -> Option<Piece> {
    let Ok(document) = files::document::<Value>(path) else {
        return Some(Piece::context(path, Vec::new()));
    };
    let mut document = document?;
    mask(&mut document).then(|| Piece::own(path, document.to_string().into_bytes()))
}

/// Masks credentials. Returns true if there were any.
fn mask(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter_mut().fold(false, |is_masked, (name, value)| {
            let is_name = NAMES.iter().any(|end| name.ends_with(end));
            let is_secret = SECRET.iter().any(|part| name.contains(part)) && !is_name || name == ENVIRONMENT;
            (if is_secret { hide(value) } else { mask(value) }) | is_masked
        }),
        Value::Array(values) => values.iter_mut().fold(false, |is_masked, value| mask(value) | is_masked),
        _ => false,
    }
}

/// Masks all texts in a value. Returns true if there were any.
fn hide(value: &mut Value) -> bool {
    match value {
        Value::String(text) if text == MASK || text.is_empty() => false,
        Value::String(text) => {
            MASK.clone_into(text);
            true
        }
        Value::Object(fields) => fields.values_mut().fold(false, |is_masked, value| hide(value) | is_masked),
        Value::Array(values) => values.iter_mut().fold(false, |is_masked, value| hide(value) | is_masked),
        _ => false,
    }
}

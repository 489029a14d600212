//! Settings without credentials, in documents that agents write next to their sessions.

use std::borrow::Cow;
use std::path::Path;

use serde_json::Value;
use threadkeep_redact::redact;

use crate::error::StoreError;
use crate::files;
use crate::piece::Piece;

/// Parts of the names of fields with credentials.
const SECRET: [&str; 7] =
    ["api_key", "access_key", "secret", "password", "session_token", "headers", "extra_body"];
/// Names of fields with credentials: a login, and the environment and the arguments of a program.
const WHOLE: [&str; 4] = ["auth", "env", "envs", "args"];
/// Ends of the names of fields with the name of an environment variable.
const NAMES: [&str; 2] = ["_env", "_env_var"];
/// Value in place of a credential, as an agent writes it.
const MASK: &str = "**********";

/// Returns a document without credentials; `None` if it has none.
///
/// # Errors
///
/// Fails for a document that cannot be read: it may have some.
pub(super) fn masked(path: &Path) -> Result<Option<Piece>, StoreError> {
    let Some(mut document) = files::document::<Value>(path)? else { return Ok(None) };
    Ok(mask(&mut document).then(|| Piece::own(path, document.to_string().into_bytes())))
}

/// Masks credentials: in fields of their own, and in texts. Returns true if there were any.
pub(super) fn mask(value: &mut Value) -> bool {
    match value {
        Value::String(text) => match redact(text) {
            Cow::Borrowed(_) => false,
            Cow::Owned(redacted) => {
                *text = redacted;
                true
            }
        },
        Value::Object(fields) => fields.iter_mut().fold(false, |is_masked, (name, value)| {
            let is_name = NAMES.iter().any(|end| name.ends_with(end));
            let is_secret =
                SECRET.iter().any(|part| name.contains(part)) && !is_name || WHOLE.contains(&name.as_str());
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

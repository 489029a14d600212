//! Settings without credentials, in documents that agents write next to their sessions.

use std::borrow::Cow;
use std::path::Path;

use serde_json::Value;
use threadkeep_redact::{is_secret_name, redact};

use crate::error::StoreError;
use crate::files;
use crate::piece::Piece;

/// Parts of the names of fields with credentials: `threadkeep-redact` knows more names.
/// Names are compared in lower case and without hyphens and underscores.
const SECRET: [&str; 7] =
    ["apikey", "accesskey", "secret", "password", "sessiontoken", "headers", "extrabody"];
/// Names of fields with credentials: a login, and the environment and the arguments of a program.
const WHOLE: [&str; 4] = ["auth", "env", "envs", "args"];
/// Ends of the names of fields with the name of an environment variable.
const NAMES: [&str; 2] = ["env", "envvar"];
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
            (if is_secret(name) { hide(value) } else { mask(value) }) | is_masked
        }),
        Value::Array(values) => values.iter_mut().fold(false, |is_masked, value| mask(value) | is_masked),
        _ => false,
    }
}

fn is_secret(name: &str) -> bool {
    let plain = name.replace(['-', '_'], "").to_ascii_lowercase();
    let is_known = is_secret_name(name) || SECRET.iter().any(|part| plain.contains(part));
    let is_variable = NAMES.iter().any(|end| plain.ends_with(end));
    WHOLE.contains(&plain.as_str()) || is_known && !is_variable
}

/// Masks all texts and numbers in a value. Returns true if there were any.
fn hide(value: &mut Value) -> bool {
    match value {
        Value::String(text) if text == MASK || text.is_empty() => false,
        Value::String(text) => {
            MASK.clone_into(text);
            true
        }
        Value::Number(_) => {
            *value = Value::from(MASK);
            true
        }
        Value::Object(fields) => fields.values_mut().fold(false, |is_masked, value| hide(value) | is_masked),
        Value::Array(values) => values.iter_mut().fold(false, |is_masked, value| hide(value) | is_masked),
        _ => false,
    }
}

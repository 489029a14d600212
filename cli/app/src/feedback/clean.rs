//! Removes what is private from JSON values.

use serde_json::Value;
use threadkeep_redact::{is_secret_name, redact};

/// Removes secrets, the user's home directory, and names of user and host from a text.
pub type Clean<'a> = &'a dyn Fn(&str) -> String;

/// Cleans every text of a value: names and values.
pub(super) fn value(value: &Value, clean: Clean<'_>) -> Value {
    match value {
        Value::String(one) => text(one, clean).into(),
        Value::Array(values) => values.iter().map(|one| self::value(one, clean)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, one)| (text(name, clean), self::value(one, clean))).collect()
        }
        other => other.clone(),
    }
}

/// Cleans every text of a log row. A field with a secret's name loses its value, too.
pub(super) fn row(value: &Value, clean: Clean<'_>) -> Value {
    let field = |(name, one): (&String, &Value)| {
        let one = if is_secret_name(name) { "[redacted]".into() } else { row(one, clean) };
        (text(name, clean), one)
    };
    match value {
        Value::Array(values) => values.iter().map(|one| row(one, clean)).collect(),
        Value::Object(fields) => fields.iter().map(field).collect(),
        other => self::value(other, clean),
    }
}

/// Cleans a text. A shape that is known as a secret goes, whatever the caller's function leaves.
pub(super) fn text(text: &str, clean: Clean<'_>) -> String {
    redact(&clean(text)).into_owned()
}

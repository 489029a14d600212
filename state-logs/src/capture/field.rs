//! Fields of events and spans: as captured, and as stored.

use serde_json::Value;
use threadkeep_redact::{is_secret_name, redact};
use uuid::Uuid;

use super::UNSURE_END;

/// Storable fields by name, in the order of their first recording.
pub(crate) type Fields = Vec<(&'static str, Value)>;

/// A span with its storable fields.
#[derive(Clone, Debug)]
pub(crate) struct SpanRecord {
    pub(crate) name: &'static str,
    pub(crate) thread_id: Option<Uuid>,
    pub(crate) fields: Fields,
    pub(crate) is_cut: bool,
}

/// A captured value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Captured {
    /// A number or a boolean.
    Plain(Value),
    /// A text, or a value that prints as one.
    Text(Text),
    /// The length of a body, whose text is not kept.
    Body(usize),
}

/// The first part of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) text: String,
    /// True if there was more.
    pub(crate) has_more: bool,
}

impl Text {
    /// Redacts secrets. Removes the end of an incomplete text, because half a secret may be there.
    pub(crate) fn clean(self) -> (String, bool) {
        let mut text = match redact(&self.text) {
            std::borrow::Cow::Borrowed(_) => self.text,
            std::borrow::Cow::Owned(redacted) => redacted,
        };
        if self.has_more {
            text.truncate(text.floor_char_boundary(text.len().saturating_sub(UNSURE_END)));
        }
        (text, self.has_more)
    }
}

impl Captured {
    /// Returns the bytes of text that it holds in memory.
    pub(crate) fn size(&self) -> usize {
        match self {
            Captured::Text(text) => text.text.len(),
            Captured::Plain(_) | Captured::Body(_) => 0,
        }
    }

    /// Returns the value to store under a name, and true if something is missing.
    pub(crate) fn clean(self, name: &str) -> (Value, bool) {
        if is_secret_name(name) {
            return (Value::from("[redacted:name]"), false);
        }
        match self {
            Captured::Plain(value) => (value, false),
            Captured::Body(length) => (Value::from(format!("[{length} bytes]")), false),
            Captured::Text(text) => {
                let (text, is_cut) = text.clean();
                (Value::from(text), is_cut)
            }
        }
    }
}

/// Sets the value of a name, in place of an earlier one.
pub(crate) fn put<T>(fields: &mut Vec<(&'static str, T)>, name: &'static str, value: T) {
    match fields.iter_mut().find(|(known, _)| *known == name) {
        Some((_, old)) => *old = value,
        None => fields.push((name, value)),
    }
}

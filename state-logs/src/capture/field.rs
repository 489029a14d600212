//! A field of an event or a span: as it was captured, and as it may be stored.

use serde_json::Value;
use threadkeep_redact::{is_secret_name, redact};

use super::UNSURE_END;

/// Fields by name, in the order of their first recording.
pub(crate) type Fields = Vec<(&'static str, Value)>;

/// A value as it was captured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Captured {
    /// A number or a switch.
    Plain(Value),
    /// A text, or what prints as one.
    Text(Text),
    /// A body, of which only the length is known.
    Body(usize),
}

/// A text, of which the first part was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) text: String,
    /// Whether there was more.
    pub(crate) has_more: bool,
}

impl Text {
    /// Takes secrets out of it; the end of what was not looked at whole goes, because half a secret may be there.
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
    /// How much memory it holds.
    pub(crate) fn size(&self) -> usize {
        match self {
            Captured::Text(text) => text.text.len(),
            Captured::Plain(_) | Captured::Body(_) => 0,
        }
    }

    /// What may be stored under a name, and whether something is missing.
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

/// Puts a value under a name, in the place of an earlier one.
pub(crate) fn put<T>(fields: &mut Vec<(&'static str, T)>, name: &'static str, value: T) {
    match fields.iter_mut().find(|(known, _)| *known == name) {
        Some((_, old)) => *old = value,
        None => fields.push((name, value)),
    }
}

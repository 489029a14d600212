//! Cuts the texts of a row to its limit, at the boundaries of characters.

use serde_json::{Map, Value, json};

use super::field::SpanRecord;

/// Remaining bytes of a row. The most important texts are taken first.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    pub(crate) is_cut: bool,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Budget {
        Budget { left: bytes, is_cut: false }
    }

    /// Takes bytes, if enough are left.
    fn take(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => self.is_cut = true,
        }
        !self.is_cut
    }

    /// Takes as much of a text as fits.
    pub(crate) fn text(&mut self, mut text: String) -> String {
        if text.len() > self.left {
            text.truncate(text.floor_char_boundary(self.left));
            self.is_cut = true;
        }
        self.left -= text.len();
        text
    }

    /// Takes as much of a text as fits, by its length as a JSON string.
    fn quoted<'a>(&mut self, text: &'a str) -> &'a str {
        for (at, character) in text.char_indices() {
            let bytes = match character {
                '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
                '\0'..='\u{1f}' => 6,
                _ => character.len_utf8(),
            };
            if !self.take(bytes) {
                return &text[..at];
            }
        }
        text
    }

    /// Takes fields as a JSON object. Cuts the last field that still fits, and drops
    /// the rest.
    pub(crate) fn object(&mut self, fields: &[(&'static str, Value)]) -> Option<Value> {
        if fields.is_empty() || !self.take(2) {
            return None;
        }
        let mut object = Map::new();
        for (name, value) in fields {
            let Value::String(text) = value else {
                if !self.take(quoted_length(name) + value.to_string().len() + 4) {
                    break;
                }
                object.insert((*name).to_owned(), value.clone());
                continue;
            };
            // Quotes, a colon and a comma.
            if !self.take(quoted_length(name) + 6) {
                break;
            }
            let text = self.quoted(text);
            object.insert((*name).to_owned(), text.into());
            if self.is_cut {
                break;
            }
        }
        Some(Value::Object(object))
    }

    /// Takes spans as a JSON array.
    pub(crate) fn spans<'a>(&mut self, spans: impl Iterator<Item = &'a SpanRecord>) -> Option<Value> {
        let mut array = Vec::new();
        for span in spans {
            // `,{"name":"","fields":{}}`, and the brackets around all.
            if self.is_cut || !self.take(quoted_length(span.name) + 26) {
                break;
            }
            let fields = self.object(&span.fields).unwrap_or_else(|| json!({}));
            array.push(json!({ "name": span.name, "fields": fields }));
            self.is_cut |= span.is_cut;
        }
        (!array.is_empty()).then(|| array.into())
    }
}

/// Returns the length of a text as a JSON string, without its quotes.
fn quoted_length(text: &str) -> usize {
    let mut budget = Budget::new(usize::MAX);
    budget.quoted(text);
    usize::MAX - budget.left
}

//! The body of a request.

use serde_json::{Value, json};
use threadkeep_memories::ExtractionRequest;

use super::settings::ResponsesSettings;

/// Structured output that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// The schema, strictly.
    Strict,
    /// The schema, for servers that do not know `strict`.
    Schema,
    /// Nothing but the instructions.
    Instructions,
}

impl Format {
    const ALL: [Self; 3] = [Self::Strict, Self::Schema, Self::Instructions];

    /// Returns the format of a number.
    pub(crate) fn of(number: u8) -> Self {
        Self::ALL.into_iter().find(|format| *format as u8 == number).unwrap_or(Self::Strict)
    }

    /// Returns the next simpler format.
    pub(crate) fn simpler(self) -> Option<Self> {
        Self::ALL.get(self as usize + 1).copied()
    }
}

/// Returns the body of a request.
///
/// The schema is in the instructions, too: some servers take `text.format` and ignore it.
pub(crate) fn body(settings: &ResponsesSettings, request: &ExtractionRequest<'_>, format: Format) -> Vec<u8> {
    let contract = "Answer with one JSON object of this schema, and with no other text:";
    let mut body = json!({
        "model": settings.model,
        "instructions": format!("{}\n\n{contract}\n{}", request.instructions.trim_end(), request.schema),
        "input": request.input,
        "store": false,
        "stream": false,
    });
    let mut schema = json!({ "type": "json_schema", "name": "memory", "schema": request.schema });
    match format {
        Format::Strict => schema["strict"] = Value::Bool(true),
        Format::Schema => {}
        Format::Instructions => schema = Value::Null,
    }
    if !schema.is_null() {
        body["text"] = json!({ "format": schema });
    }
    if let Some(effort) = &settings.effort {
        body["reasoning"] = json!({ "effort": effort });
    }
    body.to_string().into_bytes()
}

//! Contents in the form of Google's API, which several agents write.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::tolerant::or_default;

/// Part of a content.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Part<'a> {
    pub(super) text: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) thought: bool,
    #[serde(borrow)]
    pub(super) inline_data: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub(super) function_call: Option<FunctionCall<'a>>,
    #[serde(deserialize_with = "or_default")]
    pub(super) function_response: Option<FunctionResponse>,
}

/// Call of a tool.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionCall<'a> {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(borrow)]
    pub(super) args: Option<&'a RawValue>,
}

/// Result of a call, as the model gets it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionResponse {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) response: Response,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Response {
    #[serde(deserialize_with = "or_default")]
    output: Option<String>,
    #[serde(deserialize_with = "or_default")]
    error: Option<String>,
}

impl Response {
    /// Returns the output or the error, without the tags that an agent puts around it.
    pub(super) fn text(&self) -> Option<&str> {
        let text = self.output.as_ref().or(self.error.as_ref())?;
        let inner = text.strip_prefix("<untrusted_context>\n");
        let inner = inner.and_then(|text| text.strip_suffix("\n</untrusted_context>"));
        Some(inner.unwrap_or(text))
    }

    /// Returns false for an error.
    pub(super) fn succeeded(&self) -> bool {
        self.error.is_none()
    }
}

/// Reads the parts of a content, which may be one text or one part.
pub(super) fn parts(content: Option<&RawValue>) -> Vec<Part<'_>> {
    let Some(json) = content.map(RawValue::get) else { return Vec::new() };
    match json.as_bytes().first() {
        Some(b'"') => vec![Part { text: serde_json::from_str(json).ok(), ..Part::default() }],
        Some(b'[') => {
            let parts: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
            parts.into_iter().flat_map(|part| self::parts(Some(part))).collect()
        }
        _ => serde_json::from_str(json).into_iter().collect(),
    }
}

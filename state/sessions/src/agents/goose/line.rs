//! JSON in goose's rows and in its old files, as far as it is read.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::draft::Draft;
use crate::session::Tokens;
use crate::tolerant::{count, or_default};

use jiff::Timestamp;

/// `messages.metadata_json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metadata {
    #[serde(deserialize_with = "or_default")]
    pub(super) user_visible: Option<bool>,
    #[serde(deserialize_with = "or_default")]
    pub(super) turn_context: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) inference: Option<Inference>,
    #[serde(deserialize_with = "or_default")]
    pub(super) usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Inference {
    pub(super) requested_model: String,
}

/// Tokens of an answer. Input includes what was cached.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Usage {
    #[serde(deserialize_with = "count")]
    input_tokens: Option<i64>,
    #[serde(deserialize_with = "count")]
    output_tokens: Option<i64>,
    #[serde(deserialize_with = "count")]
    cache_read_tokens: Option<i64>,
    #[serde(deserialize_with = "count")]
    cache_write_tokens: Option<i64>,
}

impl From<Usage> for Tokens {
    fn from(usage: Usage) -> Self {
        tokens([usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens])
    }
}

/// Returns tokens of input, output, read from the cache, and written into it.
pub(super) fn tokens(numbers: [Option<i64>; 4]) -> Tokens {
    let [input, output, cached_input, cache_write] = numbers.map(|number| number.unwrap_or(0).max(0));
    // No number of one call is above that of its input.
    let cached_input = cached_input.min(input);
    Tokens {
        input,
        output,
        cached_input,
        cache_write: cache_write.min(input - cached_input),
        reasoning: None,
    }
}

/// Part of a message. Its fields depend on its type.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Part<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(deserialize_with = "or_default")]
    text: String,
    #[serde(deserialize_with = "or_default")]
    thinking: String,
    #[serde(deserialize_with = "or_default")]
    id: String,
    #[serde(borrow)]
    tool_call: Option<Outcome<'a>>,
    #[serde(borrow)]
    tool_result: Option<Outcome<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Outcome<'a> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(deserialize_with = "or_default")]
    error: String,
}

#[derive(Debug, Deserialize)]
struct Call<'a> {
    name: String,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(deserialize_with = "or_default")]
    structured_content: Option<Structured>,
    #[serde(deserialize_with = "or_default")]
    is_error: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Structured {
    #[serde(deserialize_with = "or_default")]
    exit_code: Option<i64>,
}

/// A message, its parts in order.
pub(super) struct Content<'a>(Vec<Part<'a>>);

impl<'a> Content<'a> {
    /// Reads a message's parts; `None` if they are no list.
    pub(super) fn read(json: &'a str) -> Option<Self> {
        let parts: Vec<&RawValue> = serde_json::from_str(json).ok()?;
        Some(Self(parts.into_iter().filter_map(|part| serde_json::from_str(part.get()).ok()).collect()))
    }

    /// Returns the texts, one a line.
    pub(super) fn text(&self) -> String {
        let texts = self.0.iter().filter(|part| part.kind == "text").map(|part| part.text.as_str());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Returns the number of images.
    pub(super) fn images(&self) -> usize {
        self.0.iter().filter(|part| part.kind == "image").count()
    }

    /// Returns true if it calls a tool.
    pub(super) fn has_call(&self) -> bool {
        self.0.iter().any(|part| part.tool_call.is_some())
    }

    /// Takes the results of calls, which goose stores in the user's name.
    pub(super) fn take_results(&self, draft: &mut Draft, at: Option<Timestamp>) {
        for part in self.0.iter().filter(|part| part.kind == "toolResponse") {
            let Some(result) = &part.tool_result else { continue };
            if result.status == "error" {
                draft.result(at, &part.id, &result.error, Some(false));
                continue;
            }
            let value = result.value.map_or("null", RawValue::get);
            // Old versions have only the list of contents.
            let (content, answer) = match serde_json::from_str::<Answer<'_>>(value) {
                Ok(answer) if value.starts_with('{') => (answer.content.map_or("[]", RawValue::get), answer),
                _ => (value, Answer::default()),
            };
            let output = Content::read(content).map(|content| content.text()).unwrap_or_default();
            let exit_code = answer.structured_content.and_then(|content| content.exit_code);
            let succeeded = !answer.is_error && exit_code.is_none_or(|code| code == 0);
            draft.result(at, &part.id, &output, Some(succeeded));
            if let Some(code) = exit_code {
                draft.exit_code(&part.id, code);
            }
        }
    }

    /// Takes an answer of the agent's: words, reasoning and calls.
    pub(super) fn take_answer(&self, draft: &mut Draft, at: Option<Timestamp>, id: Option<&str>) {
        for part in &self.0 {
            match &*part.kind {
                "text" => draft.answer(at, id, &part.text),
                "thinking" => draft.reasoning(at, id, &part.thinking),
                "toolRequest" => {
                    let value = part.tool_call.as_ref().and_then(|call| call.value);
                    let call = value.and_then(|call| serde_json::from_str::<Call<'_>>(call.get()).ok());
                    let Some(call) = call else { continue };
                    draft.call(at, &part.id, &call.name, call.arguments.map_or("{}", RawValue::get));
                }
                _ => {}
            }
        }
    }
}

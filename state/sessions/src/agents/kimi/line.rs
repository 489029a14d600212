//! Lines of Kimi CLI's `wire.jsonl`, as far as they are read.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::agents::blocks::{count, text};
use crate::error::StoreError;
use crate::files;
use crate::session::Tokens;
use crate::tolerant::or_default;

/// Line. The first one has a version, and no message.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    #[serde(default, deserialize_with = "or_default")]
    timestamp: Option<f64>,
    /// Version of the format, of the first line.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) protocol_version: Option<String>,
    #[serde(default, borrow)]
    pub(super) message: Option<Message<'a>>,
}

impl Line<'_> {
    /// Returns the time, to the microsecond.
    pub(super) fn at(&self) -> Option<Timestamp> {
        time(self.timestamp?)
    }
}

/// Returns the time of a number of seconds since 1970.
pub(super) fn time(seconds: f64) -> Option<Timestamp> {
    let microseconds = (seconds * 1e6).round();
    // More than any time that can be written: the conversion then fails.
    #[expect(clippy::cast_possible_truncation, reason = "a cast of floats saturates")]
    Timestamp::from_microsecond(microseconds as i64).ok()
}

/// Message. The form of its payload depends on its type.
#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// Reads the payload; empty, if it has another form.
    pub(super) fn payload<T: Deserialize<'a> + Default>(&self) -> T {
        self.payload.and_then(|payload| serde_json::from_str(payload.get()).ok()).unwrap_or_default()
    }
}

/// Payload of `TurnBegin` and `SteerInput`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Words<'a> {
    #[serde(borrow)]
    user_input: Option<&'a RawValue>,
}

impl Words<'_> {
    /// Returns the words, and the number of images among them.
    pub(super) fn read(&self) -> (String, usize) {
        (text(self.user_input), count(self.user_input, "image_url"))
    }
}

/// Payload of `ToolCall`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) function: Function,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Function {
    pub(super) name: String,
    /// JSON, as a text.
    #[serde(deserialize_with = "or_default")]
    pub(super) arguments: Option<String>,
}

/// Payload of `ToolResult`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Done<'a> {
    pub(super) tool_call_id: String,
    #[serde(borrow)]
    pub(super) return_value: Returned<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Returned<'a> {
    #[serde(deserialize_with = "or_default")]
    pub(super) is_error: Option<bool>,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
    #[serde(deserialize_with = "or_default")]
    message: String,
    #[serde(deserialize_with = "or_default")]
    display: Vec<Shown>,
}

/// Text that the agent shows in place of a result.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Shown {
    #[serde(deserialize_with = "or_default")]
    text: String,
}

impl Returned<'_> {
    /// Returns true if the user refused the call.
    pub(super) fn is_rejected(&self) -> bool {
        self.is_error == Some(true) && self.display.iter().any(|shown| shown.text == "Rejected by user")
    }

    /// Returns the output, and the agent's words about an error.
    pub(super) fn text(&self) -> String {
        let output = text(self.output);
        match (self.is_error, output.is_empty()) {
            (Some(true), true) => self.message.clone(),
            (Some(true), false) if !self.message.is_empty() => format!("{output}\n{}", self.message),
            _ => output,
        }
    }
}

/// Payload of `StatusUpdate`, which ends a step.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    #[serde(deserialize_with = "or_default")]
    pub(super) token_usage: Option<Usage>,
    #[serde(deserialize_with = "or_default")]
    pub(super) message_id: Option<String>,
}

/// Tokens of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Usage {
    input_other: i64,
    output: i64,
    input_cache_read: i64,
    input_cache_creation: i64,
}

impl From<Usage> for Tokens {
    /// Adds the cached parts to the input, which leaves them out.
    fn from(usage: Usage) -> Self {
        let (cached, written) = (usage.input_cache_read.max(0), usage.input_cache_creation.max(0));
        Self {
            input: usage.input_other.max(0).saturating_add(cached).saturating_add(written),
            cached_input: cached,
            cache_write: written,
            output: usage.output.max(0),
            reasoning: None,
        }
    }
}

/// Payload of `SubagentEvent`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Aside<'a> {
    #[serde(deserialize_with = "or_default")]
    pub(super) agent_id: Option<String>,
    #[serde(borrow)]
    pub(super) event: Option<Message<'a>>,
}

/// Returns the hash of the line with a file's first prompt. A fork has copied it.
pub(super) fn head(path: &Path) -> Result<Option<u64>, StoreError> {
    files::find(path, |found, json| {
        let line: Line<'_> = serde_json::from_str(json)?;
        let is_prompt = line.message.is_some_and(|message| message.kind == "TurnBegin");
        *found = is_prompt.then(|| hash(json));
        Ok(!is_prompt)
    })
}

/// Returns the hash of a line.
pub(super) fn hash(json: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    json.hash(&mut hasher);
    hasher.finish()
}

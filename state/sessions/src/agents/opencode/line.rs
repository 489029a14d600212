//! JSON in opencode's rows, as far as it is read. Of errors only the name and the message are:
//! others of their fields are headers and bodies of answers.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::session::Tokens;
use crate::tolerant::{count, or_default};

/// `message.data`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) role: Cow<'a, str>,
    #[serde(deserialize_with = "or_default")]
    pub(super) time: Option<Time>,
    /// Of a prompt.
    #[serde(deserialize_with = "or_default")]
    pub(super) model: Option<Model>,
    /// Of an answer.
    #[serde(rename = "modelID", deserialize_with = "or_default")]
    pub(super) model_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) path: Option<Folder>,
    #[serde(deserialize_with = "or_default")]
    pub(super) tokens: Option<Usage>,
    #[serde(deserialize_with = "or_default")]
    pub(super) finish: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) error: Option<Failure>,
    /// True for an answer that is the summary of a compaction. Of a prompt it is an object.
    #[serde(deserialize_with = "or_default")]
    pub(super) summary: Option<bool>,
}

/// Milliseconds since 1970.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub(super) struct Time {
    #[serde(deserialize_with = "count")]
    pub(super) created: Option<i64>,
    #[serde(deserialize_with = "count")]
    pub(super) completed: Option<i64>,
    #[serde(deserialize_with = "count")]
    pub(super) start: Option<i64>,
    #[serde(deserialize_with = "count")]
    pub(super) end: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Model {
    #[serde(rename = "modelID", alias = "id")]
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Folder {
    pub(super) cwd: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) data: Option<FailureData>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FailureData {
    pub(super) message: String,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub(super) struct Usage {
    #[serde(deserialize_with = "count")]
    input: Option<i64>,
    #[serde(deserialize_with = "count")]
    output: Option<i64>,
    #[serde(deserialize_with = "count")]
    reasoning: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    cache: Option<Cache>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct Cache {
    #[serde(deserialize_with = "count")]
    read: Option<i64>,
    #[serde(deserialize_with = "count")]
    write: Option<i64>,
}

impl From<Usage> for Tokens {
    /// Adds the cached parts to the input, and reasoning to the output, which leave them out.
    fn from(usage: Usage) -> Self {
        let cache = usage.cache.unwrap_or_default();
        let (read, write) = (cache.read.unwrap_or(0), cache.write.unwrap_or(0));
        Self {
            input: usage.input.unwrap_or(0).saturating_add(read).saturating_add(write),
            cached_input: read,
            cache_write: write,
            output: usage.output.unwrap_or(0).saturating_add(usage.reasoning.unwrap_or(0)),
            reasoning: usage.reasoning,
        }
    }
}

/// `part.data`. Its fields depend on its type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Part<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(deserialize_with = "or_default")]
    pub(super) time: Option<Time>,
    #[serde(deserialize_with = "or_default")]
    pub(super) text: Option<String>,
    /// True for words that no person typed.
    #[serde(deserialize_with = "or_default")]
    pub(super) synthetic: Option<bool>,
    /// Of a call.
    #[serde(deserialize_with = "or_default")]
    pub(super) tool: Option<String>,
    #[serde(rename = "callID", deserialize_with = "or_default")]
    pub(super) call_id: Option<String>,
    #[serde(borrow)]
    pub(super) state: Option<&'a RawValue>,
    /// Of a file.
    #[serde(deserialize_with = "or_default")]
    pub(super) mime: Option<String>,
    /// Of a command that starts a sub-agent.
    #[serde(deserialize_with = "or_default")]
    pub(super) prompt: Option<String>,
}

/// `part.data.state`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct State<'a> {
    #[serde(borrow)]
    pub(super) status: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(deserialize_with = "or_default")]
    pub(super) output: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) error: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) metadata: Option<Metadata>,
    #[serde(deserialize_with = "or_default")]
    pub(super) time: Option<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    /// Exit code of a command.
    #[serde(deserialize_with = "or_default")]
    pub(super) exit: Option<i64>,
}

/// `session.revert`.
#[derive(Debug, Deserialize)]
pub(super) struct Revert {
    #[serde(rename = "messageID")]
    pub(super) message_id: String,
}

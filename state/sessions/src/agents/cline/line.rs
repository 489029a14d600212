//! Documents of Cline, as far as they are read.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::agents::blocks::{Block, text};
use crate::session::Tokens;
use crate::tolerant::{count, or_default};

/// Description of a session: `<id>.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Description {
    #[serde(deserialize_with = "or_default")]
    pub(super) started_at: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    pub(super) status: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) model: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) cwd: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) prompt: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metadata {
    #[serde(deserialize_with = "or_default")]
    pub(super) title: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) git: Git,
    #[serde(deserialize_with = "or_default")]
    pub(super) session_history_origin: Origin,
    #[serde(deserialize_with = "or_default")]
    pub(super) fork: Option<Fork>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Git {
    #[serde(deserialize_with = "or_default")]
    pub(super) branch: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Origin {
    #[serde(deserialize_with = "or_default")]
    pub(super) version: String,
    /// Of a sub-agent: the session that it works for.
    #[serde(deserialize_with = "or_default")]
    pub(super) parent_thread_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fork {
    pub(super) forked_from_session_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) forked_at: Option<Timestamp>,
}

/// Messages of a session: `<id>.messages.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Transcript<'a> {
    #[serde(deserialize_with = "or_default")]
    pub(super) origin: Origin,
    #[serde(borrow)]
    pub(super) messages: Vec<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) role: Cow<'a, str>,
    /// Milliseconds since 1970.
    #[serde(deserialize_with = "count")]
    pub(super) ts: Option<i64>,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(deserialize_with = "or_default")]
    pub(super) model_info: Option<ModelInfo>,
    #[serde(deserialize_with = "or_default")]
    pub(super) metrics: Option<Metrics>,
    #[serde(deserialize_with = "or_default")]
    pub(super) metadata: Kind,
}

#[derive(Debug, Deserialize)]
pub(super) struct ModelInfo {
    pub(super) id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Kind {
    /// `error` for a message that no model wrote.
    #[serde(deserialize_with = "or_default")]
    pub(super) display_role: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) kind: String,
}

/// Tokens of an answer. Input includes what was cached.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metrics {
    #[serde(deserialize_with = "count")]
    input_tokens: Option<i64>,
    #[serde(deserialize_with = "count")]
    output_tokens: Option<i64>,
    #[serde(deserialize_with = "count")]
    cache_read_tokens: Option<i64>,
    #[serde(deserialize_with = "count")]
    cache_write_tokens: Option<i64>,
}

impl From<Metrics> for Tokens {
    fn from(metrics: Metrics) -> Self {
        let number = |number: Option<i64>| number.unwrap_or(0);
        let (read, write) = (number(metrics.cache_read_tokens), number(metrics.cache_write_tokens));
        let (input, cached) = (number(metrics.input_tokens), read.saturating_add(write));
        Self {
            // An input that is smaller than what was cached cannot include it.
            input: if cached > input { input.saturating_add(cached) } else { input },
            cached_input: read,
            cache_write: write,
            output: number(metrics.output_tokens),
            reasoning: None,
        }
    }
}

/// Returns a call's arguments in the form that calls of commands have elsewhere: `run_commands` has
/// a list of them.
pub(super) fn arguments(input: Option<&RawValue>) -> Cow<'_, str> {
    #[derive(Deserialize)]
    struct Commands {
        commands: Vec<Value>,
    }
    let input = input.map_or("{}", RawValue::get);
    let Ok(Commands { commands }) = serde_json::from_str(input) else { return input.into() };
    let line = |command: &Value| Some(command.as_str().or_else(|| command["command"].as_str())?.to_owned());
    let lines: Option<Vec<String>> = commands.iter().map(line).collect();
    lines.map_or(input.into(), |lines| serde_json::json!({ "command": lines.join("\n") }).to_string().into())
}

/// Returns the output of a call, and true if it succeeded.
pub(super) fn result(block: &Block<'_>) -> (String, bool) {
    #[derive(Deserialize)]
    struct Ran {
        #[serde(default, deserialize_with = "or_default")]
        result: String,
        #[serde(default, deserialize_with = "or_default")]
        error: String,
        success: bool,
    }
    let ran: Option<Vec<Ran>> = block.content.and_then(|list| serde_json::from_str(list.get()).ok());
    if let Some(ran) = ran.filter(|ran| !ran.is_empty()) {
        let output = ran.iter().map(|ran| format!("{}{}", ran.result, ran.error)).collect::<String>();
        return (output, !block.is_error && ran.iter().all(|ran| ran.success));
    }
    (text(block.content), !block.is_error)
}

/// Returns the words inside `<user_input mode="act">…</user_input>`, where they have such a frame.
pub(super) fn typed(text: &str) -> &str {
    let inner = text.trim().strip_prefix("<user_input").and_then(|rest| rest.split_once('>'));
    let inner = inner.and_then(|(_, rest)| rest.rsplit_once("</user_input>"));
    inner.map_or(text, |(inner, _)| inner)
}

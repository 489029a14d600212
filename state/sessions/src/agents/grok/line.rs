//! Documents and lines of Grok Build, as far as they are read.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::session::Tokens;

/// `summary.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Summary {
    pub(super) info: Info,
    pub(super) session_summary: Option<String>,
    pub(super) generated_title: Option<String>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) current_model_id: Option<String>,
    pub(super) head_branch: Option<String>,
    pub(super) session_kind: Option<String>,
    pub(super) parent_session_id: Option<String>,
    pub(super) forked_at: Option<Timestamp>,
    pub(super) chat_format_version: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Info {
    pub(super) cwd: Option<String>,
}

/// Line of `updates.jsonl`.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    timestamp: Option<i64>,
    #[serde(borrow)]
    pub(super) params: Params<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Params<'a> {
    #[serde(borrow)]
    pub(super) update: Update<'a>,
    #[serde(borrow, default, rename = "_meta")]
    pub(super) meta: Meta<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Meta<'a> {
    /// `<session id>-<number>`. A fork copies its parent's.
    #[serde(borrow)]
    pub(super) event_id: Option<Cow<'a, str>>,
    agent_timestamp_ms: Option<i64>,
    /// Start of the answer that a piece belongs to.
    pub(super) stream_start_ms: Option<i64>,
}

impl Line<'_> {
    pub(super) fn at(&self) -> Option<Timestamp> {
        let exact = self.params.meta.agent_timestamp_ms.map(Timestamp::from_millisecond);
        exact.or_else(|| self.timestamp.map(Timestamp::from_second))?.ok()
    }

    /// Returns the session that wrote the line first.
    pub(super) fn writer(&self) -> Option<&str> {
        let (session, _) = self.params.meta.event_id.as_deref()?.rsplit_once('-')?;
        Some(session).filter(|session| session.len() == 36 && Uuid::try_parse(session).is_ok())
    }
}

/// Update. Its fields depend on its type.
#[derive(Debug, Deserialize)]
pub(super) struct Update<'a> {
    #[serde(borrow, rename = "sessionUpdate")]
    pub(super) kind: Cow<'a, str>,
    /// Of a message, one; of a result, a list.
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "_meta")]
    pub(super) meta: UpdateMeta<'a>,
    /// Of a call.
    #[serde(borrow, rename = "toolCallId")]
    pub(super) tool_call_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) title: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "rawInput")]
    pub(super) raw_input: Option<&'a RawValue>,
    #[serde(borrow, rename = "rawOutput")]
    pub(super) raw_output: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) status: Option<Cow<'a, str>>,
    /// Of the end of a turn.
    #[serde(borrow)]
    pub(super) prompt_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) stop_reason: Option<Cow<'a, str>>,
    pub(super) agent_result: Option<String>,
    pub(super) usage: Option<Usage>,
    /// Of a sub-agent's start and end.
    #[serde(borrow)]
    pub(super) child_session_id: Option<Cow<'a, str>>,
    /// Prompt whose turn starts it.
    #[serde(borrow)]
    pub(super) parent_prompt_id: Option<Cow<'a, str>>,
    pub(super) will_wake: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UpdateMeta<'a> {
    #[serde(borrow, rename = "modelId")]
    pub(super) model_id: Option<Cow<'a, str>>,
    #[serde(rename = "promptIndex")]
    pub(super) prompt_index: Option<i64>,
    #[serde(borrow, rename = "x.ai/tool")]
    pub(super) tool: Option<Tool<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tool<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
}

/// Tokens of a turn by model. Without a model, the name is empty.
pub(super) type ByModel = BTreeMap<String, Tokens>;

/// Tokens of a turn: of all its requests, and by model.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Usage {
    input_tokens: i64,
    output_tokens: i64,
    cached_read_tokens: i64,
    cache_creation_tokens: i64,
    reasoning_tokens: Option<i64>,
    model_usage: BTreeMap<String, Usage>,
}

impl Usage {
    /// Returns the tokens by model; under an empty name if no model is named.
    pub(super) fn by_model(&self) -> ByModel {
        if self.model_usage.is_empty() {
            return ByModel::from([(String::new(), self.into())]);
        }
        self.model_usage.iter().map(|(model, usage)| (model.clone(), usage.into())).collect()
    }
}

impl From<&Usage> for Tokens {
    fn from(usage: &Usage) -> Self {
        let (cached_input, cache_write) =
            (usage.cached_read_tokens.max(0), usage.cache_creation_tokens.max(0));
        Self {
            input: usage.input_tokens.max(cached_input.saturating_add(cache_write)),
            cached_input,
            cache_write,
            output: usage.output_tokens.max(0),
            reasoning: usage.reasoning_tokens,
        }
    }
}

/// Piece of a message, or of a result, which has it one level below.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Content<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    pub(super) text: String,
    content: Option<Box<Content<'a>>>,
}

/// Reads the piece of a message.
pub(super) fn piece(content: Option<&RawValue>) -> Content<'_> {
    content.and_then(|content| serde_json::from_str(content.get()).ok()).unwrap_or_default()
}

/// Returns the texts of a result.
pub(super) fn texts(content: Option<&RawValue>) -> String {
    let pieces: Vec<Content<'_>> =
        content.and_then(|content| serde_json::from_str(content.get()).ok()).unwrap_or_default();
    let texts = pieces.into_iter().map(|piece| piece.content.map_or(piece.text, |inner| inner.text));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Exit code of a command, from its result.
pub(super) fn exit_code(output: Option<&RawValue>) -> Option<i64> {
    #[derive(Deserialize)]
    struct Output {
        exit_code: Option<i64>,
    }
    let output: Option<Output> = serde_json::from_str(output?.get()).ok();
    output?.exit_code
}

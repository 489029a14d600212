//! Events of Copilot CLI, as far as they are read.

use std::borrow::Cow;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::StoreError;
use crate::files;
use crate::session::Tokens;
use crate::tolerant::or_default;

/// Event. The form of its data depends on its type.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) timestamp: Option<Timestamp>,
    /// Of a sub-agent.
    #[serde(borrow)]
    pub(super) agent_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

impl<'a> Line<'a> {
    /// Reads the data; empty, if they have another form.
    pub(super) fn data<T: Deserialize<'a> + Default>(&self) -> T {
        self.data.and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or_default()
    }
}

/// Data of `session.start` and `session.resume`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Run {
    #[serde(deserialize_with = "or_default")]
    pub(super) session_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) copilot_version: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) start_time: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    pub(super) selected_model: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) context: Context,
}

/// Folder of a run; also the data of `session.context_changed`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Context {
    pub(super) cwd: Option<String>,
    pub(super) branch: Option<String>,
}

/// Data of `user.message`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Prompt {
    pub(super) content: String,
    /// Another author than the user: a sub-agent's parent, a skill, …
    #[serde(deserialize_with = "or_default")]
    pub(super) source: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) interaction_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) attachments: Vec<Attachment>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Attachment {
    #[serde(rename = "type")]
    kind: String,
    mime_type: String,
}

impl Attachment {
    pub(super) fn is_image(&self) -> bool {
        self.kind == "image" || self.mime_type.starts_with("image/")
    }
}

/// Data of `assistant.message`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Answer<'a> {
    #[serde(deserialize_with = "or_default")]
    pub(super) content: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) reasoning_text: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) model: String,
    #[serde(borrow, deserialize_with = "or_default")]
    pub(super) tool_requests: Vec<Call<'a>>,
}

/// Call of a tool; also the data of `tool.execution_start`, with another name.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Call<'a> {
    pub(super) tool_call_id: String,
    #[serde(alias = "toolName")]
    pub(super) name: String,
    #[serde(borrow)]
    pub(super) arguments: Option<&'a RawValue>,
}

/// Data of `tool.execution_complete`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Done {
    pub(super) tool_call_id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) success: Option<bool>,
    #[serde(deserialize_with = "or_default")]
    pub(super) result: Output,
    #[serde(deserialize_with = "or_default")]
    pub(super) error: Failure,
    #[serde(deserialize_with = "or_default")]
    pub(super) shell_execution: Shell,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Output {
    pub(super) content: String,
}

/// Error of a call; also the data of `session.error`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Failure {
    pub(super) message: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Shell {
    pub(super) exit_code: Option<i64>,
}

/// Data of `session.info`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Info {
    pub(super) info_type: String,
    pub(super) message: String,
}

/// Data of `session.model_change`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Model {
    #[serde(deserialize_with = "or_default")]
    pub(super) new_model: String,
}

/// Data of `session.usage_record`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Used {
    pub(super) usage: Option<Usage>,
}

/// Data of `session.compaction_complete`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Compaction {
    #[serde(deserialize_with = "or_default")]
    pub(super) success: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) outcome: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) compaction_attempt_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) compaction_tokens_used: Option<Usage>,
}

/// Tokens of a request, or of a compaction's.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Usage {
    #[serde(deserialize_with = "or_default")]
    pub(super) model: Option<String>,
    input_tokens: i64,
    output_tokens: i64,
    #[serde(deserialize_with = "or_default")]
    cache_read_tokens: i64,
    #[serde(deserialize_with = "or_default")]
    cache_write_tokens: i64,
    #[serde(deserialize_with = "or_default")]
    reasoning_tokens: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    accounting: Accounting,
    #[serde(deserialize_with = "or_default")]
    api_call_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Accounting {
    source_session_id: Option<String>,
    sequence: Option<u64>,
}

impl Usage {
    /// Returns the identity of the request, which copies in forks keep.
    pub(super) fn id(&self) -> Option<String> {
        match (&self.accounting.source_session_id, self.accounting.sequence) {
            (Some(session), Some(sequence)) => Some(format!("{session}/{sequence}")),
            _ => self.api_call_id.clone(),
        }
    }
}

impl From<&Usage> for Tokens {
    fn from(usage: &Usage) -> Self {
        // Input includes both kinds of cached tokens, so that it is never less than they are.
        let (cached, written) = (usage.cache_read_tokens.max(0), usage.cache_write_tokens.max(0));
        Self {
            input: usage.input_tokens.max(cached.saturating_add(written)),
            cached_input: cached,
            cache_write: written,
            output: usage.output_tokens.max(0),
            reasoning: usage.reasoning_tokens,
        }
    }
}

/// Identity of a file's session.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) session_id: Option<String>,
}

impl Head {
    /// Reads a file up to its first prompt. Returns true if it has one.
    pub(super) fn read(&mut self, path: &Path) -> Result<bool, StoreError> {
        files::has(path, |json| {
            let line: Line<'_> = serde_json::from_str(json)?;
            if line.kind == "session.start" && self.session_id.is_none() {
                self.session_id = line.data::<Run>().session_id.filter(|id| !id.is_empty());
            }
            Ok(line.kind == "user.message")
        })
    }
}

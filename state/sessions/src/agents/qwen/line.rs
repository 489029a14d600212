//! Lines of Qwen Code, as far as they are read.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::agents::parts::{Part, parts};
use crate::session::Tokens;
use crate::tolerant::or_default;

/// First words of parts that Qwen Code puts before a prompt.
const INJECTED: &str = "<system-reminder>";

/// Origin of a message that a person typed.
const REAL_USER: &str = "real_user";

/// Line. Its fields depend on its type.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Line<'a> {
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub(super) kind: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) subtype: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) uuid: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) timestamp: Option<Timestamp>,
    /// Origin of a message.
    #[serde(deserialize_with = "or_default")]
    provenance: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) cwd: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) version: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) git_branch: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) model: Option<String>,
    #[serde(borrow)]
    message: Message<'a>,
    #[serde(deserialize_with = "or_default")]
    pub(super) usage_metadata: Option<Usage>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub(super) tool_call_result: CallResult<'a>,
    /// Of a line that a fork copied.
    #[serde(deserialize_with = "or_default")]
    pub(super) forked_from: Option<ForkedFrom>,
    #[serde(borrow)]
    system_payload: Option<&'a RawValue>,
}

/// Kind of a message in the user's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Prompt {
    /// It begins a turn.
    New,
    /// It was typed while the agent worked.
    Added,
    /// The agent wrote it.
    Injected,
}

impl<'a> Line<'a> {
    pub(super) fn parts(&self) -> Vec<Part<'a>> {
        parts(self.message.parts)
    }

    /// Returns the kind of a user's line.
    pub(super) fn prompt(&self) -> Prompt {
        let is_typed = self.provenance.as_deref().is_none_or(|provenance| provenance == REAL_USER);
        match self.subtype.as_deref() {
            None | Some("agent_launch_prompt") if is_typed => Prompt::New,
            Some("mid_turn_user_message") if is_typed => Prompt::Added,
            _ => Prompt::Injected,
        }
    }

    /// Returns the words of a user's line, and the number of images in it.
    pub(super) fn words(&self) -> (String, usize) {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Display {
            display_text: Option<String>,
        }
        let parts = self.parts();
        let images = parts.iter().filter(|part| part.inline_data.is_some()).count();
        // What was typed, where the message has hooks' words and files, too.
        if let Some(text) = self.payload::<Display>().and_then(|display| display.display_text) {
            return (text, images);
        }
        let texts = parts.into_iter().filter_map(|part| part.text);
        let (injected, mut typed): (Vec<_>, Vec<_>) = texts.partition(|text| text.starts_with(INJECTED));
        // A person's message without other words has such words itself.
        if typed.is_empty() && images == 0 && self.provenance.as_deref() == Some(REAL_USER) {
            typed.extend(injected.into_iter().next_back());
        }
        (typed.join("\n"), images)
    }

    /// Returns true for the first prompt of a session.
    pub(super) fn is_prompt(&self) -> bool {
        self.kind == "user" && self.prompt() == Prompt::New && self.words() != (String::new(), 0)
    }

    /// Reads what a system line says.
    pub(super) fn payload<T: Deserialize<'a>>(&self) -> Option<T> {
        serde_json::from_str(self.system_payload?.get()).ok()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    parts: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ForkedFrom {
    pub(super) session_id: String,
}

/// Tokens of an answer.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Usage {
    #[serde(alias = "input_token_count", deserialize_with = "or_default")]
    prompt_token_count: i64,
    #[serde(alias = "output_token_count", deserialize_with = "or_default")]
    candidates_token_count: i64,
    #[serde(alias = "thoughts_token_count", deserialize_with = "or_default")]
    thoughts_token_count: Option<i64>,
    #[serde(alias = "total_token_count", deserialize_with = "or_default")]
    total_token_count: i64,
    #[serde(alias = "cached_content_token_count", deserialize_with = "or_default")]
    cached_content_token_count: i64,
}

impl From<Usage> for Tokens {
    /// The output includes the reasoning from some providers; the total always does.
    fn from(usage: Usage) -> Self {
        let input = usage.prompt_token_count.max(0);
        let output = usage.total_token_count.saturating_sub(input).max(usage.candidates_token_count).max(0);
        Self {
            input,
            cached_input: usage.cached_content_token_count.clamp(0, input),
            cache_write: 0,
            output,
            reasoning: usage.thoughts_token_count.map(|thoughts| thoughts.clamp(0, output)),
        }
    }
}

/// Result of a call, as the agent keeps it for its own display.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CallResult<'a> {
    #[serde(deserialize_with = "or_default")]
    pub(super) status: Option<String>,
    #[serde(borrow)]
    result_display: Option<&'a RawValue>,
}

/// Result of a command.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Shown {
    #[serde(deserialize_with = "or_default")]
    pub(super) output: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) exit_code: Option<i64>,
}

impl CallResult<'_> {
    /// Returns what the user sees: a text, or the result of a command. Other results are long.
    pub(super) fn shown(&self) -> Shown {
        let Some(json) = self.result_display.map(RawValue::get) else { return Shown::default() };
        let text = serde_json::from_str(json).map(|text| Shown { output: Some(text), exit_code: None });
        text.or_else(|_| serde_json::from_str(json)).unwrap_or_default()
    }
}

/// Payload of a line with telemetry.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Telemetry<T> {
    pub(super) ui_event: T,
}

/// Event of the telemetry. That of an answer also has the fields of [`Usage`].
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    #[serde(rename = "event.name", deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) response_id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) model: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) prompt_id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) subagent_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) error_message: Option<String>,
}

//! Documents of Continue, as far as they are read.

use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;
use threadkeep_rollout::untouched;
use uuid::Uuid;

use crate::error::StoreError;
use crate::files;
use crate::session::Tokens;

/// Bytes in which a session's id must begin.
const HEAD: u64 = 256;

/// Returns true if a file begins like a session.
pub(super) fn is_session(path: &Path) -> bool {
    let head = untouched::read(path, HEAD).unwrap_or_default();
    String::from_utf8_lossy(&head).contains("\"sessionId\"")
}

/// Reads a session; `None` if there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Document>, StoreError> {
    let Some(mut document) = files::document::<Document>(path)? else { return Ok(None) };
    for item in std::mem::take(&mut document.raw) {
        match serde_json::from_str(item.get()) {
            Ok(item) => document.history.push(item),
            Err(_) => document.skipped += 1,
        }
    }
    Ok(Some(document))
}

/// `<session id>.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) title: Option<String>,
    pub(super) workspace_directory: Option<String>,
    #[serde(rename = "history")]
    raw: Vec<Box<RawValue>>,
    #[serde(skip)]
    pub(super) history: Vec<Item>,
    /// Number of messages that could not be read.
    #[serde(skip)]
    pub(super) skipped: u64,
    pub(super) usage: Option<Sum>,
}

/// Tokens of the session's own requests, compaction included.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Sum {
    pub(super) prompt_tokens: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Item {
    pub(super) message: Message,
    pub(super) tool_call_states: Vec<CallState>,
    pub(super) conversation_summary: Option<String>,
    pub(super) reasoning: Option<Reasoning>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reasoning {
    pub(super) text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Message {
    pub(super) role: String,
    pub(super) content: Content,
    pub(super) tool_calls: Vec<Call>,
    /// Of a message of the role `tool`, as the extension for editors writes it.
    pub(super) tool_call_id: Option<String>,
    pub(super) usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Text(String),
    Parts(Vec<Part>),
    Other(serde::de::IgnoredAny),
}

impl Default for Content {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Part {
    #[serde(rename = "type")]
    kind: String,
    text: String,
}

impl Content {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => {
                let texts = parts.iter().map(|part| part.text.as_str()).filter(|text| !text.is_empty());
                texts.collect::<Vec<_>>().join("\n")
            }
            Self::Other(_) => String::new(),
        }
    }

    pub(super) fn images(&self) -> usize {
        match self {
            Self::Parts(parts) => parts.iter().filter(|part| part.kind == "imageUrl").count(),
            _ => 0,
        }
    }
}

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
    pub(super) arguments: String,
}

/// Call with its result, next to the message that has the call.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CallState {
    pub(super) tool_call_id: String,
    pub(super) status: String,
    output: Option<Vec<Output>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Output {
    content: String,
}

impl CallState {
    pub(super) fn output(&self) -> Option<String> {
        let outputs = self.output.as_ref()?.iter().map(|output| output.content.as_str());
        Some(outputs.collect::<Vec<_>>().join("\n"))
    }
}

/// Tokens of one answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Usage {
    pub(super) model: Option<String>,
    pub(super) prompt_tokens: i64,
    completion_tokens: i64,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Option<i64>,
    cache_write_tokens: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Option<i64>,
}

impl From<&Usage> for Tokens {
    fn from(usage: &Usage) -> Self {
        let prompt = usage.prompt_tokens_details.as_ref();
        let part = |tokens: Option<i64>| tokens.unwrap_or(0).max(0);
        let cached_input = part(prompt.and_then(|details| details.cached_tokens));
        let cache_write = part(prompt.and_then(|details| details.cache_write_tokens));
        let reasoning = usage.completion_tokens_details.as_ref().and_then(|details| details.reasoning_tokens);
        Self {
            input: usage.prompt_tokens.max(cached_input.saturating_add(cache_write)),
            cached_input,
            cache_write,
            output: usage.completion_tokens.max(reasoning.unwrap_or(0)).max(0),
            reasoning,
        }
    }
}

impl Document {
    /// Returns an id for each message, made of its words and of all that was said before it.
    pub(super) fn ids(&self) -> Vec<Uuid> {
        let mut before = Uuid::NAMESPACE_OID;
        let next = |item: &Item| {
            let message = &item.message;
            let calls: Vec<_> = message.tool_calls.iter().map(|call| call.id.as_str()).collect();
            let words = format!("{}\n{}\n{}", message.role, message.content.text(), calls.join(","));
            before = Uuid::new_v5(&before, words.as_bytes());
            before
        };
        self.history.iter().map(next).collect()
    }
}

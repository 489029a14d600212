//! Lines of Claude Code, as far as they are read.

use std::borrow::Cow;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::StoreError;
use crate::files;
use crate::session::Tokens;

/// Returns true for a line that says nothing here, by its first bytes: requests to the model, and
/// what the agent adds to prompts. Most of a session is such lines.
pub(super) fn is_passed_over(json: &str) -> bool {
    let after_parent = || {
        let rest = json.strip_prefix("{\"parentUuid\":")?;
        let rest = rest
            .strip_prefix("null")
            .or_else(|| rest.strip_prefix('"')?.split_once('"').map(|(_, rest)| rest))?;
        rest.strip_prefix(",\"isSidechain\":false").or_else(|| rest.strip_prefix(",\"isSidechain\":true"))
    };
    json.starts_with("{\"type\":\"api-request")
        || after_parent()
            .and_then(|rest| rest.strip_prefix(",\"attachment\":"))
            .is_some_and(|attachment| !attachment.starts_with("{\"type\":\"queued_command\""))
}

/// Line. Its fields depend on its type.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) subtype: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) uuid: Option<Cow<'a, str>>,
    pub(super) timestamp: Option<Timestamp>,
    #[serde(borrow)]
    pub(super) cwd: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) git_branch: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) custom_title: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) ai_title: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) is_sidechain: bool,
    #[serde(default)]
    pub(super) is_meta: bool,
    #[serde(default)]
    pub(super) is_compact_summary: bool,
    #[serde(default)]
    pub(super) is_api_error_message: bool,
    #[serde(default)]
    pub(super) is_aborted_mid_stream: bool,
    #[serde(borrow)]
    pub(super) origin: Option<Origin<'a>>,
    #[serde(borrow)]
    pub(super) prompt_source: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) attachment: Option<Attachment<'a>>,
    #[serde(borrow)]
    pub(super) message: Option<Message<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attachment<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) command_mode: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) prompt: Option<&'a RawValue>,
}

/// Identity of a line: the fields that show what it copies.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) uuid: Option<Cow<'a, str>>,
    pub(super) timestamp: Option<Timestamp>,
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) is_sidechain: bool,
    #[serde(borrow)]
    session_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    request_session_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    forked_from: Option<ForkedFrom<'a>>,
}

impl Head<'_> {
    pub(super) fn is_message(&self) -> bool {
        matches!(&*self.kind, "user" | "assistant")
    }

    /// Returns the session from which the line was copied, if it names one.
    pub(super) fn copied_from(&self) -> Option<&str> {
        let named = self.forked_from.as_ref().map(|from| &from.session_id);
        let named = named.or(self.request_session_id.as_ref());
        named.filter(|named| Some(*named) != self.session_id.as_ref()).map(AsRef::as_ref)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForkedFrom<'a> {
    #[serde(borrow)]
    session_id: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Origin<'a> {
    #[serde(borrow)]
    pub(super) kind: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) stop_reason: Option<Cow<'a, str>>,
    pub(super) usage: Option<Usage>,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
}

/// Tokens of one answer. Each of its lines has them all.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Usage {
    #[serde(default)]
    input_tokens: i64,
    #[serde(default)]
    cache_creation_input_tokens: i64,
    #[serde(default)]
    cache_read_input_tokens: i64,
    #[serde(default)]
    output_tokens: i64,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct OutputDetails {
    thinking_tokens: Option<i64>,
}

impl From<Usage> for Tokens {
    /// Adds the cached parts to the input, which leaves them out.
    fn from(usage: Usage) -> Self {
        let (cached, written) =
            (usage.cache_read_input_tokens.max(0), usage.cache_creation_input_tokens.max(0));
        Self {
            input: usage.input_tokens.max(0).saturating_add(cached).saturating_add(written),
            cached_input: cached,
            cache_write: written,
            output: usage.output_tokens.max(0),
            reasoning: usage.output_tokens_details.and_then(|details| details.thinking_tokens),
        }
    }
}

/// Beginning of a file.
#[derive(Debug)]
pub(super) struct Beginning {
    /// Id of the first message.
    pub(super) message: String,
    /// True if the first prompt or the first answer names another session, from which it was
    /// copied.
    pub(super) is_fork: bool,
    /// Version that wrote the first message.
    pub(super) version: Option<String>,
}

/// Returns the beginning of a file; `None` of a file without a message.
pub(super) fn beginning(path: &Path) -> Result<Option<Beginning>, StoreError> {
    files::find(path, |found: &mut Option<Beginning>, json| {
        if is_passed_over(json) {
            return Ok(true);
        }
        let line: Head<'_> = serde_json::from_str(json)?;
        if !line.is_message() {
            return Ok(true);
        }
        let (is_fork, is_answer) = (line.copied_from().is_some(), line.kind == "assistant");
        match (found.as_mut(), line.uuid) {
            (Some(found), _) => found.is_fork |= is_fork,
            (None, uuid) => {
                let version = line.version.map(Cow::into_owned);
                *found = uuid.map(|uuid| Beginning { message: uuid.into_owned(), is_fork, version });
            }
        }
        Ok(found.is_none() || !is_answer)
    })
}

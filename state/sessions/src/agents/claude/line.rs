//! Lines of Claude Code, as far as they are read.

use std::borrow::Cow;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::StoreError;
use crate::files;
use crate::session::Tokens;

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
    pub(super) message: Option<Message<'a>>,
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
    pub(super) session_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) request_session_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) forked_from: Option<ForkedFrom<'a>>,
}

impl Head<'_> {
    pub(super) fn is_message(&self) -> bool {
        matches!(&*self.kind, "user" | "assistant")
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ForkedFrom<'a> {
    #[serde(borrow)]
    pub(super) session_id: Cow<'a, str>,
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

/// Returns the id of the first message of a file; `None` of a file without one.
pub(super) fn first_message(path: &Path) -> Result<Option<String>, StoreError> {
    let mut found = None;
    files::each_line(path, |_, json| {
        let line: Head<'_> = serde_json::from_str(json)?;
        let is_message = line.is_message();
        found = line.uuid.filter(|_| is_message).map(Cow::into_owned);
        Ok(found.is_none())
    })?;
    Ok(found)
}

//! Lines of pi, as far as they are read.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::session::Tokens;
use crate::tolerant::{or_default, whole};

/// Line: the header, or an entry of the session's tree. Its fields depend on its type.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Line<'a> {
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub(super) kind: String,
    /// Of the header, the session's; else the entry's, unique in the file.
    #[serde(deserialize_with = "or_default")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) timestamp: Option<Timestamp>,
    /// Of the header.
    #[serde(deserialize_with = "whole")]
    pub(super) version: Option<u32>,
    /// Of the header.
    #[serde(deserialize_with = "or_default")]
    pub(super) cwd: String,
    /// Of the header: path of the file of the session that this one is a fork of.
    #[serde(deserialize_with = "or_default")]
    pub(super) parent_session: Option<String>,
    /// Title.
    #[serde(deserialize_with = "or_default")]
    pub(super) name: Option<String>,
    /// Tokens of a request that gave no message.
    #[serde(deserialize_with = "or_default")]
    pub(super) usage: Option<Usage>,
    #[serde(borrow)]
    pub(super) message: Message<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Message<'a> {
    #[serde(deserialize_with = "or_default")]
    pub(super) role: String,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(deserialize_with = "or_default")]
    pub(super) model: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) usage: Option<Usage>,
    #[serde(deserialize_with = "or_default")]
    pub(super) stop_reason: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) error_message: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) response_id: Option<String>,
    /// Milliseconds since 1970.
    #[serde(deserialize_with = "or_default")]
    pub(super) timestamp: Option<i64>,
    /// Of a result.
    #[serde(deserialize_with = "or_default")]
    pub(super) tool_call_id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) is_error: bool,
    /// Of a command that the user ran.
    #[serde(borrow)]
    pub(super) command: Option<&'a RawValue>,
    #[serde(deserialize_with = "or_default")]
    pub(super) output: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) exit_code: Option<i64>,
}

/// Tokens of an answer.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Usage {
    #[serde(deserialize_with = "or_default")]
    input: i64,
    #[serde(deserialize_with = "or_default")]
    output: i64,
    #[serde(deserialize_with = "or_default")]
    cache_read: i64,
    #[serde(deserialize_with = "or_default")]
    cache_write: i64,
}

impl Usage {
    /// Returns the tokens; `None` of an answer that failed or was stopped, which has only zeros.
    pub(super) fn tokens(self) -> Option<Tokens> {
        let (cached, written) = (self.cache_read.max(0), self.cache_write.max(0));
        // The input leaves out what was cached.
        let input = self.input.max(0).saturating_add(cached).saturating_add(written);
        let output = self.output.max(0);
        (input > 0 || output > 0).then_some(Tokens {
            input,
            cached_input: cached,
            cache_write: written,
            output,
            reasoning: None,
        })
    }
}

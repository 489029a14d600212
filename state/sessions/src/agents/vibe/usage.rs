//! Tokens, as the state and the journal have them.

use serde::Deserialize;

use crate::session::Tokens;
use crate::tolerant::or_default;

/// Tokens of a session, those for compaction included, or of one request.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Usage {
    #[serde(alias = "input_tokens")]
    input_tokens: i64,
    #[serde(alias = "output_tokens")]
    output_tokens: i64,
    #[serde(alias = "cached_input_tokens")]
    cached_input_tokens: i64,
    #[serde(alias = "cache_write_tokens", deserialize_with = "or_default")]
    cache_write_tokens: i64,
    /// Of single requests only.
    #[serde(alias = "reasoning_tokens", deserialize_with = "or_default")]
    reasoning_tokens: Option<i64>,
}

impl From<&Usage> for Tokens {
    fn from(usage: &Usage) -> Self {
        let (cached, written) = (usage.cached_input_tokens.max(0), usage.cache_write_tokens.max(0));
        Self {
            input: usage.input_tokens.max(cached.saturating_add(written)),
            cached_input: cached,
            cache_write: written,
            output: usage.output_tokens.max(0),
            reasoning: usage.reasoning_tokens,
        }
    }
}

//! Payloads of the lines. Fields are in the order in which they are written.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use threadkeep_rollout::TokenUsage;
use uuid::Uuid;

use super::item::Item;

/// `session_meta`.
#[derive(Serialize)]
pub(super) struct SessionMeta<'a> {
    pub(super) id: Uuid,
    pub(super) timestamp: Option<Timestamp>,
    pub(super) cwd: Option<&'a str>,
    pub(super) originator: &'a str,
    pub(super) cli_version: Option<&'a str>,
    pub(super) source: Value,
    pub(super) model_provider: &'a str,
    pub(super) git: Git<'a>,
    pub(super) native_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) forked_from_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subagent_history_start_ordinal: Option<u64>,
}

#[derive(Serialize)]
pub(super) struct Git<'a> {
    pub(super) branch: Option<Cow<'a, str>>,
}

/// `turn_context`.
#[derive(Serialize)]
pub(super) struct TurnContext<'a> {
    pub(super) turn_id: &'a str,
    pub(super) cwd: Option<&'a str>,
    pub(super) model: Option<&'a str>,
}

/// `event_msg`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event<'a> {
    TaskStarted {
        turn_id: &'a str,
    },
    ItemCompleted {
        turn_id: &'a str,
        item: Item<'a>,
    },
    TaskComplete {
        turn_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Failure<'a>>,
    },
    TurnAborted {
        turn_id: &'a str,
    },
    LastActivity {
        #[serde(skip_serializing_if = "Option::is_none")]
        turn_id: Option<&'a str>,
    },
    ThreadNameUpdated {
        thread_name: Cow<'a, str>,
    },
    ThreadSettingsApplied {
        thread_settings: ThreadSettings<'a>,
    },
}

#[derive(Serialize)]
pub(super) struct Failure<'a> {
    pub(super) message: Cow<'a, str>,
}

#[derive(Serialize)]
pub(super) struct ThreadSettings<'a> {
    pub(super) model: &'a str,
}

/// `token_usage_record`.
#[derive(Serialize)]
pub(super) struct TokenUsageRecord<'a> {
    pub(super) thread_id: Uuid,
    /// `None` of a request that no turn has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) turn_id: Option<&'a str>,
    pub(super) response_id: &'a str,
    #[serde(with = "Usage")]
    pub(super) usage: TokenUsage,
}

/// Usage of a request that is no part of the conversation.
#[derive(Serialize)]
pub(super) struct OtherUsageRecord<'a> {
    pub(super) purpose: &'a str,
    pub(super) thread_id: Uuid,
    pub(super) response_id: &'a str,
    pub(super) model: Option<&'a str>,
    #[serde(with = "Usage")]
    pub(super) usage: TokenUsage,
}

/// Usage alone.
#[derive(Serialize)]
pub(super) struct UsageValue(#[serde(with = "Usage")] pub(super) TokenUsage);

/// Names of [`TokenUsage`]'s fields in a rollout.
#[derive(Serialize)]
#[serde(remote = "TokenUsage")]
struct Usage {
    #[serde(rename = "input_tokens")]
    input: i64,
    #[serde(rename = "cached_input_tokens")]
    cached_input: i64,
    #[serde(rename = "output_tokens")]
    output: i64,
    #[serde(rename = "reasoning_output_tokens")]
    reasoning: i64,
    #[serde(rename = "total_tokens")]
    total: i64,
}

//! `state.json` of a session.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::tolerant::or_default;

/// `state.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct State {
    #[serde(deserialize_with = "or_default")]
    pub(super) cwd: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) title: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) is_custom_title: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) archived: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) forked_from: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) created_at: Time,
    #[serde(deserialize_with = "or_default")]
    pub(super) agents: HashMap<String, Agent>,
    #[serde(deserialize_with = "or_default")]
    pub(super) custom: Custom,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Agent {
    #[serde(deserialize_with = "or_default")]
    pub(super) parent_agent_id: Option<String>,
}

/// Values that `kimi migrate` writes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Custom {
    #[serde(deserialize_with = "or_default")]
    pub(super) kimi_cli_session_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) archived: bool,
}

/// Time in milliseconds, or as a text, which `kimi migrate` writes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Time {
    Milliseconds(i64),
    Text(Timestamp),
    Unknown(()),
}

impl Default for Time {
    fn default() -> Self {
        Self::Unknown(())
    }
}

impl Time {
    pub(super) fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Milliseconds(milliseconds) => Timestamp::from_millisecond(*milliseconds).ok(),
            Self::Text(at) => Some(*at),
            Self::Unknown(()) => None,
        }
    }
}

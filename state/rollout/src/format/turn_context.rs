//! `turn_context`: the settings of a turn.

use serde::{Deserialize, Serialize};

use crate::json::{self, Raw};

/// `turn_context`: the agent's settings for the turn that begins. `None` where the line has nothing.
///
/// The directory has at most [`MAX_PATH`](crate::MAX_PATH) characters, JSON has at most [`MAX_JSON`](crate::MAX_JSON)
/// bytes, and everything else at most [`MAX_NAME`](crate::MAX_NAME) characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TurnContext {
    /// The working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The model's reasoning effort.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// The `approval_policy`: a name, or compact JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_mode: Option<String>,
    /// The `permission_profile`, else the `sandbox_policy`: compact JSON, keys as they were written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox_policy: Option<String>,
}

/// Payload as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawTurnContext<'a> {
    #[serde(borrow)]
    cwd: Raw<'a>,
    #[serde(borrow)]
    model: Raw<'a>,
    #[serde(borrow)]
    effort: Raw<'a>,
    #[serde(borrow)]
    approval_policy: Raw<'a>,
    #[serde(borrow)]
    permission_profile: Raw<'a>,
    #[serde(borrow)]
    sandbox_policy: Raw<'a>,
}

impl RawTurnContext<'_> {
    pub(crate) fn read(&self) -> TurnContext {
        let profile = json::name_or_json(self.permission_profile);
        TurnContext {
            cwd: json::path(self.cwd),
            model: json::name(self.model),
            reasoning_effort: json::name(self.effort),
            approval_mode: json::name_or_json(self.approval_policy),
            sandbox_policy: profile.or_else(|| json::name_or_json(self.sandbox_policy)),
        }
    }
}

//! `turn_context`: the settings of a turn.

use serde::{Deserialize, Serialize};

use crate::json;

/// The agent's settings: for the turn that begins (`turn_context`), or from now on
/// (`thread_settings_applied`). `None` where the line has nothing.
///
/// The directory has at most [`MAX_PATH`](crate::MAX_PATH) characters, JSON has at most
/// [`MAX_JSON`](crate::MAX_JSON) bytes, and everything else at most [`MAX_NAME`](crate::MAX_NAME)
/// characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TurnContext {
    /// The working directory.
    pub cwd: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The model's reasoning effort.
    pub reasoning_effort: Option<String>,
    /// The `approval_policy`: a name, or compact JSON.
    pub approval_mode: Option<String>,
    /// The `permission_profile`, else the `sandbox_policy`: compact JSON, keys as they were
    /// written.
    pub sandbox_policy: Option<String>,
}

impl TurnContext {
    /// Reads a payload.
    pub(super) fn read(payload: &str) -> json::Result<Self> {
        #[rustfmt::skip]
        let [cwd, model, effort, approval, profile, sandbox, mode] = json::fields(payload, [
            "cwd", "model", "effort", "approval_policy", "permission_profile", "sandbox_policy",
            "collaboration_mode",
        ])?;
        let [mode] = json::object(mode, ["settings"]);
        let [mode_effort] = json::object(mode, ["reasoning_effort"]);
        Ok(Self {
            cwd: json::path(cwd),
            model: json::name(model),
            reasoning_effort: json::name(effort.or(mode_effort)),
            approval_mode: json::name_or_json(approval),
            sandbox_policy: json::name_or_json(profile).or_else(|| json::name_or_json(sandbox)),
        })
    }

    /// Takes over later settings. Settings with a model are complete; of others, only what they
    /// have is new.
    pub(crate) fn update(&mut self, later: Self) {
        if later.model.is_some() {
            *self = later;
            return;
        }
        macro_rules! update {
            ($($field:ident)*) => { $( if later.$field.is_some() { self.$field = later.$field; } )* };
        }
        update!(cwd reasoning_effort approval_mode sandbox_policy);
    }
}

//! `state.json` of a session of Kimi CLI, or `meta.json` of a sub-agent.

use serde::Deserialize;

use crate::files;
use crate::found::FoundSession;
use crate::tolerant::or_default;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct State {
    #[serde(deserialize_with = "or_default")]
    pub(super) custom_title: Option<String>,
    /// True for the title of a fork, and for the user's own.
    #[serde(deserialize_with = "or_default")]
    pub(super) title_generated: bool,
    /// Time at which a fork was made, in seconds.
    #[serde(deserialize_with = "or_default")]
    pub(super) wire_mtime: Option<f64>,
    /// Task of a sub-agent.
    #[serde(deserialize_with = "or_default")]
    pub(super) description: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) archived: bool,
}

impl State {
    /// Reads the state; an empty one if there is none.
    pub(super) fn read(found: &FoundSession) -> Self {
        let state = found.files.get(1).and_then(|path| files::document(path).ok().flatten());
        state.unwrap_or_default()
    }

    /// Returns true if the agent has named the session as a fork.
    pub(super) fn is_named_as_fork(&self) -> bool {
        let title = self.custom_title.as_deref().unwrap_or_default();
        self.title_generated && ["Fork: ", "Undo: "].iter().any(|start| title.starts_with(start))
    }
}

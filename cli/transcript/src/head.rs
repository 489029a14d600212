//! The head of a transcript: which conversation it is.

use jiff::Timestamp;
use threadkeep_app::label::thread_label;
use threadkeep_app::text::{fit, one_line};
use threadkeep_state::Thread;
use uuid::Uuid;

use crate::text::Secrets;

/// Columns of a title.
const TITLE: usize = 120;

/// Facts about a conversation, above its turns.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Head {
    /// The thread's id.
    pub id: Uuid,
    /// The thread's name, or else its title, or an agent's nickname and path.
    pub label: String,
    /// Name that the user or the agent gave.
    pub name: Option<String>,
    /// Title: the first message, or else the agent's goal.
    pub title: Option<String>,
    /// Folder of the thread.
    pub cwd: Option<String>,
    /// Git branch on which it began.
    pub branch: Option<String>,
    /// The model of the latest turn.
    pub model: Option<String>,
    /// Provider of the model.
    pub model_provider: String,
    /// Version of the agent.
    pub version: Option<String>,
    /// Thread whose history it continues.
    pub forked_from: Option<Uuid>,
    /// Nickname of a sub-agent.
    pub agent_nickname: Option<String>,
    /// Path of a sub-agent.
    pub agent_path: Option<String>,
    /// Start.
    pub created_at: Timestamp,
    /// Time of its last line.
    pub updated_at: Timestamp,
    /// True if secrets were removed.
    pub is_redacted: bool,
}

impl Head {
    /// Returns the label as one line. A title is often a whole message.
    pub(crate) fn short_label(&self) -> String {
        fit(&one_line(&self.label), TITLE).into_owned()
    }

    /// Returns the model and its provider.
    pub(crate) fn full_model(&self) -> Option<String> {
        self.model.as_ref().map(|model| format!("{model} ({})", self.model_provider))
    }

    /// Returns a sub-agent's nickname and path.
    pub(crate) fn agent(&self) -> Option<String> {
        let parts: Vec<&str> =
            [&self.agent_nickname, &self.agent_path].into_iter().flatten().map(String::as_str).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    /// Describes a thread of the index.
    pub fn of(thread: &Thread, secrets: Secrets) -> Head {
        let text = |text: &Option<String>| text.clone().map(|text| secrets.text(text));
        Head {
            id: thread.id,
            label: secrets.text(thread_label(thread)),
            name: text(&thread.name),
            title: text(&thread.title),
            cwd: text(&thread.cwd),
            branch: text(&thread.git_branch),
            model: thread.model.clone(),
            model_provider: thread.model_provider.clone(),
            version: thread.cli_version.clone(),
            forked_from: thread.forked_from_id,
            agent_nickname: thread.agent_nickname.clone(),
            agent_path: thread.agent_path.clone(),
            created_at: thread.created_at,
            updated_at: thread.updated_at,
            is_redacted: secrets == Secrets::Removed,
        }
    }
}

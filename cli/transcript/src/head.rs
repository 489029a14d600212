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
    /// The thread's name, or its title.
    pub title: String,
    /// Folder of the thread.
    pub cwd: Option<String>,
    /// Git branch on which it began.
    pub branch: Option<String>,
    /// Model and its provider.
    pub model: Option<String>,
    /// Version of the agent.
    pub version: Option<String>,
    /// Thread whose history it continues.
    pub forked_from: Option<Uuid>,
    /// Nickname and path of a sub-agent.
    pub agent: Option<String>,
    /// Start.
    pub created_at: Timestamp,
    /// Time of its last line.
    pub updated_at: Timestamp,
    /// True if secrets were removed.
    pub is_redacted: bool,
}

impl Head {
    /// Returns the title as one line. A title is often a whole message.
    pub(crate) fn short_title(&self) -> String {
        fit(&one_line(&self.title), TITLE).into_owned()
    }

    /// Describes a thread of the index.
    pub fn of(thread: &Thread, secrets: Secrets) -> Head {
        let text = |text: &Option<String>| text.clone().map(|text| secrets.text(text));
        let agent = [&thread.agent_nickname, &thread.agent_path].map(|part| part.as_deref());
        let agent = agent.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Head {
            id: thread.id,
            title: secrets.text(thread_label(thread)),
            cwd: text(&thread.cwd),
            branch: text(&thread.git_branch),
            model: thread.model.as_ref().map(|model| format!("{model} ({})", thread.model_provider)),
            version: thread.cli_version.clone(),
            forked_from: thread.forked_from_id,
            agent: Some(agent).filter(|agent| !agent.is_empty()),
            created_at: thread.created_at,
            updated_at: thread.updated_at,
            is_redacted: secrets == Secrets::Removed,
        }
    }
}

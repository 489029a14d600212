//! Small stores that a test writes.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use threadkeep_rollout::TurnItemKind;
use threadkeep_sessions::{Environment, OpenStore, Outcome, Session, SessionStore, store};

use crate::facts::Result;

/// Home folder with an agent's store.
pub(crate) struct Place {
    home: TempDir,
    pub(crate) store: &'static dyn SessionStore,
}

impl Place {
    pub(crate) fn new(agent: &str) -> Result<Self> {
        Ok(Self { home: tempfile::tempdir()?, store: store(agent).ok_or("an agent that this build knows")? })
    }

    /// Returns the agent's first place.
    pub(crate) fn path(&self) -> PathBuf {
        self.store.places(&Environment::new(self.home.path())).remove(0)
    }

    /// Writes a file of the place, and returns its path.
    pub(crate) fn write(&self, path: impl AsRef<Path>, text: &str) -> Result<PathBuf> {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().ok_or("a file in a folder")?)?;
        fs::write(&path, text)?;
        Ok(path)
    }

    pub(crate) fn open(&self) -> Result<OpenStore> {
        Ok(self.store.open(&self.path())?)
    }

    /// Reads all sessions.
    pub(crate) fn sessions(&self) -> Result<Vec<Session>> {
        let open = self.open()?;
        let sessions: std::result::Result<_, _> =
            open.sessions().iter().map(|found| open.read(found)).collect();
        Ok(sessions?)
    }

    /// Reads the only session.
    pub(crate) fn session(&self) -> Result<Session> {
        let mut sessions = self.sessions()?;
        let one = sessions.pop().ok_or("a session")?;
        if sessions.is_empty() { Ok(one) } else { Err(format!("{} others", sessions.len()).into()) }
    }
}

/// Returns each turn's prompt and outcome.
pub(crate) fn turns(session: &Session) -> Vec<(&str, Outcome)> {
    session.turns.iter().map(|turn| (turn.prompt().unwrap_or_default(), turn.outcome)).collect()
}

/// Returns each command with its status and output.
pub(crate) fn commands(session: &Session) -> Vec<(&str, Option<&str>, Option<&str>)> {
    let items = session.turns.iter().flat_map(|turn| &turn.items);
    items
        .filter_map(|item| match &item.kind {
            TurnItemKind::CommandExecution { command, status, output, .. } => {
                Some((command.first()?.as_str(), status.as_deref(), output.as_deref()))
            }
            _ => None,
        })
        .collect()
}

/// Returns the names of the items: `user`, `agent`, `reasoning`, `call`, `command`, `change`,
/// `compaction`.
pub(crate) fn kinds(session: &Session) -> Vec<&'static str> {
    let items = session.turns.iter().flat_map(|turn| &turn.items);
    items
        .map(|item| match &item.kind {
            TurnItemKind::UserMessage { .. } => "user",
            TurnItemKind::AgentMessage { .. } => "agent",
            TurnItemKind::Reasoning { .. } => "reasoning",
            TurnItemKind::ToolCall { .. } => "call",
            TurnItemKind::CommandExecution { .. } => "command",
            TurnItemKind::FileChange { .. } => "change",
            TurnItemKind::ContextCompaction => "compaction",
            _ => "other",
        })
        .collect()
}

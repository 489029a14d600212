//! The commands with which the agent continues a conversation.

use std::path::{Path, PathBuf};

use threadkeep_app::dirs::{Dirs, path_word};
use threadkeep_app::text::shell_os_word;
use threadkeep_state::Thread;
use uuid::Uuid;

/// Program of the agent.
pub(super) const AGENT: &str = "codex";

/// The way to continue a conversation.
pub(super) struct Resume {
    pub(super) id: Uuid,
    /// The agent home, if the agent itself would use another.
    pub(super) home: Option<PathBuf>,
    /// The thread's folder.
    pub(super) folder: Option<String>,
    /// Commands of the agent, in their order: `unarchive`, `resume`.
    pub(super) verbs: &'static [&'static str],
}

impl Resume {
    pub(super) fn of(thread: &Thread, dirs: &Dirs) -> Resume {
        // The agent continues no session that it has archived itself.
        let is_shelved = thread.rollout_path.starts_with("archived_sessions/");
        Resume {
            id: thread.id,
            home: (!dirs.is_agents_own()).then(|| dirs.absolute().home),
            folder: thread.cwd.clone().filter(|folder| !folder.is_empty()),
            verbs: if is_shelved { &["unarchive", "resume"] } else { &["resume"] },
        }
    }

    /// Renders each of the agent's commands for a shell.
    pub(super) fn commands(&self) -> impl Iterator<Item = String> {
        let home = self.home.as_ref().map(|home| format!("CODEX_HOME={} ", path_word(home)));
        let home = home.unwrap_or_default();
        self.verbs.iter().map(move |verb| format!("{home}{AGENT} {verb} {}", self.id))
    }

    /// Returns the folder, if it is still there.
    pub(super) fn existing_folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(Path::new).filter(|folder| folder.is_dir())
    }

    /// Renders one line for a shell, which goes to the folder first.
    pub(super) fn line(&self) -> String {
        let folder = self.existing_folder().map(|folder| {
            let word = shell_os_word(folder.as_os_str());
            // A relative path that begins with a dash is no option.
            format!("cd {}{word}", if word.starts_with('-') { "-- " } else { "" })
        });
        folder.into_iter().chain(self.commands()).collect::<Vec<_>>().join(" && ")
    }
}

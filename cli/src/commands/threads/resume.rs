//! The commands with which an agent continues a conversation.

use std::path::{Path, PathBuf};

use threadkeep_app::dirs::{Dirs, path_word};
use threadkeep_app::text::{shell_os_word, shell_word};
use threadkeep_app::{Fault, agents};
use threadkeep_sessions::{Session, store};
use threadkeep_state::{HOME_AGENT, Thread};
use uuid::Uuid;

/// The way to continue a conversation.
pub(super) struct Resume {
    pub(super) id: Uuid,
    /// The agent home, if Codex itself would use another.
    pub(super) home: Option<PathBuf>,
    /// The thread's folder.
    pub(super) folder: Option<String>,
    /// Commands of the agent, each a program with its arguments, in their order. None if the agent
    /// cannot continue it.
    pub(super) commands: Vec<Vec<String>>,
}

impl Resume {
    /// Finds the commands for a thread.
    ///
    /// # Errors
    ///
    /// Fails if the mirror of another agent's sessions cannot be read.
    pub(super) fn of(thread: &Thread, dirs: &Dirs) -> Result<Resume, Fault> {
        let folder = thread.cwd.clone().filter(|folder| !folder.is_empty());
        if thread.agent() != HOME_AGENT {
            let commands = of_mirrored(thread, dirs)?.into_iter().collect();
            return Ok(Resume { id: thread.id, home: None, folder, commands });
        }
        // The agent continues no session that it has archived itself.
        let is_shelved = thread.rollout_path.starts_with("archived_sessions/");
        let verbs: &[&str] = if is_shelved { &["unarchive", "resume"] } else { &["resume"] };
        let command = |verb: &&str| vec![HOME_AGENT.to_owned(), (*verb).to_owned(), thread.id.to_string()];
        Ok(Resume {
            id: thread.id,
            home: (!dirs.is_agents_own()).then(|| dirs.absolute().home),
            folder,
            commands: verbs.iter().map(command).collect(),
        })
    }

    /// Returns true if the agent has to be asked to take it out of its archive first.
    pub(super) fn unarchives(&self) -> bool {
        self.commands.len() > 1
    }

    /// Renders each of the agent's commands for a shell.
    pub(super) fn commands(&self) -> impl Iterator<Item = String> {
        let home = self.home.as_ref().map(|home| format!("CODEX_HOME={} ", path_word(home)));
        let home = home.unwrap_or_default();
        let words =
            |command: &Vec<String>| command.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ");
        self.commands.iter().map(move |command| format!("{home}{}", words(command)))
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

/// Returns the command for a session of another agent; `None` if that has deleted it, or continues
/// no such session.
fn of_mirrored(thread: &Thread, dirs: &Dirs) -> Result<Option<Vec<String>>, Fault> {
    let mirror = agents::mirror(&dirs.absolute().sqlite_home);
    let sessions = mirror.sessions(thread.agent()).map_err(|error| Fault::plain(&error))?;
    let known = sessions.into_iter().find(|known| known.thread_id == thread.id && known.gone_since.is_none());
    let Some((known, store)) = known.zip(store(thread.agent())) else { return Ok(None) };
    let mut session = Session::new(known.native_id);
    (session.kind, session.cwd) = (thread.kind, thread.cwd.clone());
    let resume = store.resume(&session);
    Ok(resume.map(|resume| std::iter::once(resume.program.to_owned()).chain(resume.arguments).collect()))
}

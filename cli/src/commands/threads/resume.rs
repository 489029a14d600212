//! The commands with which an agent continues a conversation.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use threadkeep_app::dirs::{Dirs, path_word, real};
use threadkeep_app::text::{shell_os_word, shell_word};
use threadkeep_app::{Fault, agents};
use threadkeep_sessions::{Environment, Session, store};
use threadkeep_state::{HOME_AGENT, Thread};
use uuid::Uuid;

/// The way to continue a conversation.
pub(in crate::commands) struct Resume {
    pub(in crate::commands) id: Uuid,
    /// Environment variable that leads the agent to the session, if it would look elsewhere.
    pub(in crate::commands) variable: Option<(&'static str, PathBuf)>,
    /// Place of the session, if the agent would look elsewhere and no variable leads it there.
    pub(in crate::commands) unnamed_place: Option<PathBuf>,
    /// Time since which the agent no longer has the session.
    pub(in crate::commands) gone_since: Option<Timestamp>,
    /// The thread's folder.
    pub(in crate::commands) folder: Option<String>,
    /// Commands of the agent, each a program with its arguments, in their order. None if the agent
    /// cannot continue it.
    pub(in crate::commands) commands: Vec<Vec<String>>,
}

impl Resume {
    /// Finds the commands for a thread.
    ///
    /// # Errors
    ///
    /// Fails if the mirror of another agent's sessions cannot be read.
    pub(in crate::commands) fn of(thread: &Thread, dirs: &Dirs) -> Result<Resume, Fault> {
        let folder = thread.cwd.clone().filter(|folder| !folder.is_empty());
        if thread.agent() != HOME_AGENT {
            return of_mirrored(thread, dirs, folder);
        }
        // The agent continues no session that it has archived itself.
        let is_shelved = thread.rollout_path.starts_with("archived_sessions/");
        let verbs: &[&str] = if is_shelved { &["unarchive", "resume"] } else { &["resume"] };
        let command = |verb: &&str| vec![HOME_AGENT.to_owned(), (*verb).to_owned(), thread.id.to_string()];
        Ok(Resume {
            variable: (!dirs.is_agents_own()).then(|| ("CODEX_HOME", dirs.absolute().home)),
            commands: verbs.iter().map(command).collect(),
            ..Resume::none(thread.id, folder)
        })
    }

    /// Returns the answer that nothing continues a thread.
    fn none(id: Uuid, folder: Option<String>) -> Resume {
        Resume { id, variable: None, unnamed_place: None, gone_since: None, folder, commands: Vec::new() }
    }

    /// Returns true if the agent has to be asked to take it out of its archive first.
    pub(in crate::commands) fn unarchives(&self) -> bool {
        self.commands.len() > 1
    }

    /// Renders each of the agent's commands for a shell.
    pub(in crate::commands) fn commands(&self) -> impl Iterator<Item = String> {
        let variable = self.variable.as_ref().map(|(name, value)| format!("{name}={} ", path_word(value)));
        let variable = variable.unwrap_or_default();
        let words =
            |command: &Vec<String>| command.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ");
        self.commands.iter().map(move |command| format!("{variable}{}", words(command)))
    }

    /// Returns the folder, if it is still there.
    pub(in crate::commands) fn existing_folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(Path::new).filter(|folder| folder.is_dir())
    }

    /// Renders one line for a shell, which goes to the folder first.
    pub(in crate::commands) fn line(&self) -> String {
        let folder = self.existing_folder().map(|folder| {
            let word = shell_os_word(folder.as_os_str());
            // A relative path that begins with a dash is no option.
            format!("cd {}{word}", if word.starts_with('-') { "-- " } else { "" })
        });
        folder.into_iter().chain(self.commands()).collect::<Vec<_>>().join(" && ")
    }
}

/// Finds the command for a session of another agent: none if that has deleted it, or continues no
/// such session.
fn of_mirrored(thread: &Thread, dirs: &Dirs, folder: Option<String>) -> Result<Resume, Fault> {
    let none = Resume::none(thread.id, folder);
    let known = agents::session_of(&dirs.absolute().sqlite_home, thread.agent(), thread.id)?;
    let Some((known, store)) = known.zip(store(thread.agent())) else { return Ok(none) };
    let mut session = Session::new(known.native_id);
    (session.kind, session.cwd) = (thread.kind, thread.cwd.clone());
    let resume = store.resume(&session).filter(|_| known.gone_since.is_none());
    let Some(resume) = resume else { return Ok(Resume { gone_since: known.gone_since, ..none }) };
    let environment = Environment::of_process().unwrap_or_default();
    let looks_there = |environment: &Environment| {
        store.places(environment).iter().any(|place| real(place) == real(&known.place))
    };
    let is_default = looks_there(&environment);
    let variable = store.variable(&known.place).filter(|(name, value)| {
        !is_default && looks_there(&environment.clone().with(name, value.as_os_str()))
    });
    Ok(Resume {
        unnamed_place: (!is_default && variable.is_none()).then_some(known.place),
        variable,
        commands: vec![std::iter::once(resume.program.to_owned()).chain(resume.arguments).collect()],
        ..none
    })
}

//! The two directories: the agent's home, which is only read, and the SQLite home, which is ours.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use threadkeep_rollout::AgentHome;
use threadkeep_sessions::Environment;
use threadkeep_sqlite::OpenError;
use threadkeep_state::STATE_DB;

use crate::fault::Fault;
pub use crate::given::{Given, absolute, path_word, real};
use crate::private::create_private;
use crate::{agents, messages, owner};

/// Paths of the two directories. Neither needs to exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dirs {
    /// The agent's home, with its rollouts.
    pub home: PathBuf,
    /// The folder with our databases and settings.
    pub sqlite_home: PathBuf,
    /// True if the user named both with options.
    pub are_named: bool,
}

impl Dirs {
    /// Takes them from the options, the environment, or their defaults, in this order.
    ///
    /// # Errors
    ///
    /// Fails if nothing names a home and the user has no home directory.
    pub fn find(given: &Given) -> Result<Dirs, Fault> {
        let home = given.home.clone().or_else(agents_own).ok_or_else(|| {
            let hint = "pass the agent's home with --home DIR, or set CODEX_HOME";
            Fault::new("this user has no home directory", hint)
        })?;
        let named =
            given.sqlite_home.clone().or_else(|| variable("THREADKEEP_SQLITE_HOME").map(PathBuf::from));
        // The list was made for one home: another one, given for a command, has its own.
        let is_meant = |shared: &PathBuf| named.is_some() || is_of(shared, &home, given.home.is_none());
        let shared = named.clone().or_else(shared);
        let shared = shared.filter(|shared| agents::is_shared(shared) && is_meant(shared));
        let home = match &shared {
            Some(shared) if given.home.is_none() && !home.exists() => home_without_agent(shared),
            _ => home,
        };
        let sqlite_home = named.or(shared).unwrap_or_else(|| in_home(&home));
        let are_named = given.home.is_some() && given.sqlite_home.is_some();
        Ok(Dirs { home, sqlite_home, are_named })
    }

    /// Returns the places for adding another agent: without a named SQLite home, the shared one of
    /// all agents.
    #[must_use]
    pub fn for_agents(mut self, given: &Given) -> Dirs {
        let is_named = given.sqlite_home.is_some() || variable("THREADKEEP_SQLITE_HOME").is_some();
        if let Some(shared) = shared().filter(|shared| !is_named && is_of(shared, &self.home, true)) {
            self.sqlite_home = shared;
        }
        if given.home.is_none() && !self.home.exists() {
            self.home = home_without_agent(&self.sqlite_home);
        }
        self
    }

    /// Returns true if the home stands for that of an agent that has none.
    pub fn is_without_agent(&self) -> bool {
        self.home == home_without_agent(&self.sqlite_home)
    }

    /// Returns the same places, from the root.
    pub fn absolute(&self) -> Dirs {
        Dirs { home: absolute(&self.home), sqlite_home: absolute(&self.sqlite_home), ..*self }
    }

    /// Returns true if the agent itself uses this home by default.
    pub fn is_agents_own(&self) -> bool {
        agents_own().is_some_and(|own| real(&own) == real(&self.home))
    }

    /// Opens the agent's home, with the mirror of the sessions of other agents that were added.
    ///
    /// # Errors
    ///
    /// Fails if it is not a folder that this user may read.
    pub fn agent_home(&self) -> Result<AgentHome, Fault> {
        let home = AgentHome::open(&self.home)?;
        let sqlite_home = self.absolute().sqlite_home;
        let mirror = agents::folder(&sqlite_home);
        // What was read of a removed agent stays.
        Ok(if agents::is_shared(&sqlite_home) { home.with_mirror(mirror) } else { home })
    }

    /// Returns why no database could be created in the SQLite home, as far as that is known without
    /// writing.
    pub fn obstacle(&self) -> Option<String> {
        if self.is_misplaced() {
            return Some(format!("{} is no agent home", self.home.display()));
        }
        let place = self.absolute().sqlite_home;
        // The rest would have to be created in the nearest folder that exists.
        let (nearest, found) =
            place.ancestors().find_map(|folder| Some((folder, fs::metadata(folder).ok()?)))?;
        if !found.is_dir() {
            return Some(format!("{} is not a folder", nearest.display()));
        }
        (!is_writable(nearest)).then(|| format!("{} is not writable", nearest.display()))
    }

    /// Returns true if the SQLite home would be created in a folder that no agent has used.
    fn is_misplaced(&self) -> bool {
        let Dirs { home, sqlite_home, .. } = self.absolute();
        let is_home = || AgentHome::open(&home).map_or(true, |home| home.looks_like_home());
        sqlite_home.starts_with(&home) && !sqlite_home.exists() && !is_home()
    }

    /// Checks that databases may be created or used for this home.
    ///
    /// # Errors
    ///
    /// Fails if that would create a folder where no agent home is, or if the SQLite home
    /// belongs to another home and the user has not named both.
    pub fn check(&self) -> Result<(), Fault> {
        if self.is_misplaced() {
            return Err(messages::no_agent_home(&self.home));
        }
        match owner::of(&self.sqlite_home) {
            Some(other) if !self.are_named && owner::differs(&other, &self.home) => {
                Err(messages::other_home(&self.sqlite_home, &other))
            }
            _ => Ok(()),
        }
    }

    /// Checks that databases can be in the SQLite home.
    ///
    /// # Errors
    ///
    /// Fails if its path is not UTF-8: SQLite takes paths as text.
    pub fn check_text(&self) -> Result<(), Fault> {
        let database = self.absolute().sqlite_home.join(STATE_DB.file_name);
        if database.to_str().is_some() { Ok(()) } else { Err(OpenError::NotUtf8(database).into()) }
    }

    /// Records that the SQLite home belongs to this home. One inside the home needs no record.
    pub(crate) fn claim(&self) {
        let Dirs { home, sqlite_home, .. } = self.absolute();
        if !sqlite_home.starts_with(&home) && home.is_dir() && !self.are_named {
            owner::record(&sqlite_home, &home);
        }
    }

    /// Creates the SQLite home if it does not exist, for this user alone.
    ///
    /// # Errors
    ///
    /// Returns the system's error, and `NotADirectory` if something else is in its place.
    pub fn create_sqlite_home(&self) -> io::Result<()> {
        match fs::metadata(&self.sqlite_home) {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(_) => Err(io::Error::from(io::ErrorKind::NotADirectory)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => create_private(&self.sqlite_home),
            Err(error) => Err(error),
        }
    }
}

/// Returns the SQLite home of a home on its own.
pub(crate) fn in_home(home: &Path) -> PathBuf {
    home.join("threadkeep")
}

/// Returns the SQLite home that several agents share.
fn shared() -> Option<PathBuf> {
    Some(Environment::of_process()?.data_home().join("threadkeep"))
}

/// Returns true if a shared SQLite home is for an agent's home, or may be.
fn is_of(shared: &Path, home: &Path, is_default: bool) -> bool {
    owner::of(shared).map_or(is_default, |owner| !owner::differs(&owner, home) || !home.exists())
}

/// Returns the home for sessions of other agents where no agent has one.
fn home_without_agent(shared: &Path) -> PathBuf {
    shared.join("home")
}

/// Returns the home that the agent itself uses.
fn agents_own() -> Option<PathBuf> {
    let default = || {
        let user = env::home_dir().filter(|user| !user.as_os_str().is_empty())?;
        Some(user.join(".codex"))
    };
    variable("CODEX_HOME").map(PathBuf::from).or_else(default)
}

/// Asks the system whether this user may write to a folder, without writing.
#[cfg(unix)]
fn is_writable(folder: &Path) -> bool {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

#[cfg(not(unix))]
fn is_writable(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|metadata| metadata.is_dir())
}

/// Reads an environment variable; an empty one counts as unset.
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

//! Shared input of all checks: options, surroundings, and facts that are found once.

use std::sync::OnceLock;

use jiff::Timestamp;
use threadkeep_app::Command;
use threadkeep_app::dirs::{Dirs, Given};
use threadkeep_app::messages::of_io;

use crate::agent::{AgentConfig, Auth};
use crate::facts::copied::Copied;
use crate::machine::Machine;
use crate::probe::{Limits, Prober};

/// Choice of checks, and their depth.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Use no network at all.
    pub offline: bool,
    /// Check databases whole, however long it takes.
    pub full: bool,
    /// Ask the network for the newest version.
    pub network_updates: bool,
    /// Time limits of the network.
    pub limits: Limits,
    /// Ids of the checks to run; none for all.
    pub only: Vec<String>,
}

/// Everything that a check may look at.
#[derive(Debug)]
pub struct Context {
    /// The two directories, from the root.
    pub dirs: Dirs,
    /// Directories that the user chose, which every command of ours repeats.
    pub given: Given,
    /// Options.
    pub options: Options,
    /// Surroundings.
    pub machine: Machine,
    /// The time.
    pub now: Timestamp,
    agent: OnceLock<AgentConfig>,
    auth: OnceLock<Auth>,
    network: OnceLock<Prober>,
    databases: OnceLock<Result<Copied, String>>,
}

impl Context {
    /// Collects what the checks need. Reads nothing yet.
    #[must_use]
    pub fn new(dirs: &Dirs, given: &Given, options: Options, machine: Machine, now: Timestamp) -> Context {
        let (dirs, given) = (dirs.absolute(), given.clone());
        let (agent, auth) = (OnceLock::new(), OnceLock::new());
        let (databases, network) = (OnceLock::new(), OnceLock::new());
        Context { dirs, given, options, machine, now, agent, auth, databases, network }
    }

    /// Returns the agent's settings, read once.
    pub fn agent(&self) -> &AgentConfig {
        self.agent.get_or_init(|| AgentConfig::read(&self.dirs.home))
    }

    /// Returns the agent's stored credentials, read once.
    pub fn auth(&self) -> &Auth {
        self.auth.get_or_init(|| Auth::read(&self.dirs.home))
    }

    /// Returns the way to the network; nothing if none may be used.
    pub(crate) fn network(&self) -> Option<&Prober> {
        let new = || Prober::new(&self.machine, self.options.limits);
        (!self.options.offline).then(|| self.network.get_or_init(new))
    }

    /// Returns facts about the databases, found once on a private copy. The error is why there is
    /// none.
    pub(crate) fn databases(&self) -> Result<&Copied, &String> {
        let read = || Copied::read(&self.dirs, self.options.full);
        self.databases.get_or_init(|| read().map_err(|error| of_io(&error))).as_ref()
    }

    /// Renders a command of ours, with the directories that the user chose.
    #[must_use]
    pub fn ours(&self, command: &Command) -> String {
        command.render(&self.given)
    }
}

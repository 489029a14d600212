//! A command: its name in the log, what it needs, and its answer.

use async_trait::async_trait;
use threadkeep_app::Fault;
use threadkeep_app::dirs::Dirs;
use threadkeep_app::settings::{ConfigFile, Feature, Settings};
use threadkeep_app::telemetry::Owner;

use crate::output::{Answer, Screen};

/// Everything that a command works with.
pub(crate) struct Context<'a> {
    pub(crate) dirs: Dirs,
    pub(crate) config: ConfigFile,
    /// The defaults for a command that runs without valid settings.
    pub(crate) settings: Settings,
    pub(crate) screen: &'a Screen,
}

/// Result of a command.
pub(crate) type Answered = Result<Box<dyn Answer>, Fault>;

/// Requirements of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    /// The two directories are known.
    Dirs,
    /// The settings are valid, too.
    Settings,
}

/// Behaviour of a command if several homes are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForHomes {
    /// It works on one home.
    One,
    /// It runs once for each.
    Each,
    /// It reads all of them itself.
    All,
}

/// One command.
#[async_trait(?Send)]
pub(crate) trait Run {
    /// Returns the name under which the command is logged; nothing if it only reads, which leaves
    /// no trace.
    fn logged(&self) -> Option<&'static str> {
        None
    }

    /// Returns what must be in order before the command runs.
    fn needs(&self) -> Needs {
        Needs::Settings
    }

    /// Returns the kind of program that the command makes of the process.
    fn owner(&self) -> Owner {
        Owner::Cli
    }

    /// Returns the feature that must be switched on.
    fn feature(&self) -> Option<Feature> {
        None
    }

    /// Returns true if the agent's home or the SQLite home must exist. A command for a feature
    /// works without threads, so that only a mistyped home can be missing.
    fn needs_some_home(&self, _dirs: &Dirs) -> bool {
        self.feature().is_some()
    }

    /// Returns what the command does with several homes.
    fn for_homes(&self) -> ForHomes {
        if self.logged().is_none() { ForHomes::Each } else { ForHomes::One }
    }

    /// Returns the command once for each thread that it names. Of several homes, each may have one
    /// of them.
    fn parts(&self) -> Vec<Box<dyn Run + '_>> {
        Vec::new()
    }

    /// Runs the command.
    async fn run(&self, context: &Context<'_>) -> Answered;
}

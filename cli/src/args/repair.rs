//! `repair`: checks databases, and makes damaged ones again.

use clap::{Args, ValueEnum};
use threadkeep_history::HISTORY_DB;
use threadkeep_state::STATE_DB;
use threadkeep_state_goals::GOALS_DB;
use threadkeep_state_logs::LOGS_DB;

#[derive(Clone, Debug, Args)]
pub(crate) struct RepairArgs {
    /// Databases to check; all by default
    #[arg(value_enum, value_name = "DATABASE")]
    pub(crate) databases: Vec<DatabaseName>,
}

/// One of the databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DatabaseName {
    /// The index of threads, with names and marks
    State,
    /// Goals
    Goals,
    /// The history: search, turns and usage
    History,
    /// Logs
    Logs,
}

impl DatabaseName {
    /// Returns the database's short name.
    pub(crate) fn label(self) -> &'static str {
        match self {
            DatabaseName::State => STATE_DB.label,
            DatabaseName::Goals => GOALS_DB.label,
            DatabaseName::History => HISTORY_DB.label,
            DatabaseName::Logs => LOGS_DB.label,
        }
    }
}

//! `agents`: other agents whose sessions are in the index.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

pub(super) const CODES: &str = "\
Nothing of an agent is read before it is added: without that, its folders are only listed. The sessions of added agents \
are copied, without secrets, to `agents` in the folder for the databases, and stay there if the agent deletes them, or \
is removed here.

Exit codes: 0 success, also if you answered no; 2 failure.";

const ADD_USAGE: &str = "threadkeep agents add [OPTIONS] <NAME>... | <NAME> <DIR>";

#[derive(Debug, Args)]
pub(crate) struct AgentsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<AgentsCommand>,
}

#[derive(Debug, Subcommand)]
#[command(mut_subcommands(|each| each.after_help(super::OTHER_CODES)))]
pub(crate) enum AgentsCommand {
    /// Show sessions of agents in every list, search and report
    #[command(override_usage = ADD_USAGE)]
    Add {
        /// Agents, as `threadkeep agents` names them; or one, and the folder where it keeps its
        /// sessions [default: its own]
        #[arg(value_name = "NAME", required = true)]
        words: Vec<OsString>,
    },
    /// Stop reading an agent's sessions; what was read of them stays
    Remove {
        /// The agent
        name: String,
        /// One of its folders [default: all]
        dir: Option<PathBuf>,
        /// Also erase its mirrored sessions and kept copies
        #[arg(long, conflicts_with = "dir")]
        forget: bool,
        /// Erase without asking
        #[arg(short, long, requires = "forget")]
        yes: bool,
    },
}

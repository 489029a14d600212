//! `memories`: commands for what is remembered of threads.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Ids, MEMORIES_CODES};

#[derive(Clone, Debug, Args)]
pub(crate) struct MemoriesArgs {
    #[command(subcommand)]
    pub(crate) command: MemoriesCommand,
    /// The folder of memories [default: memories/ in the home, or in the SQLite home if the agent
    /// keeps memories of its own]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) memories_root: Option<PathBuf>,
}

/// Commands for what is remembered of threads. An ID is named as for `threads`.
#[derive(Clone, Debug, Subcommand)]
#[command(mut_subcommands(|each| each.after_help(MEMORIES_CODES)))]
pub(crate) enum MemoriesCommand {
    /// Make memories of threads, and consolidate them
    Run(RunArgs),
    /// Show how many threads are remembered, what is skipped and why, and the last consolidation
    Status,
    /// List memories, the latest thread first
    List,
    /// Show the memories of threads
    Show(Ids),
    /// Remove the memories of threads; each comes back only if its thread is updated
    Forget(Ids),
    /// Remove all memories
    Clear {
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// List the memories with all of these words, the best first
    Search {
        /// Words, in any order and case
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// Show changes of the folder of memories since the last consolidation, yours included
    Diff,
    /// Make the files of the last consolidation again, where they are missing or outdated
    Rebuild,
    /// Print the consolidated memory, as an agent would be given it
    Inject {
        /// Only what concerns this folder and all folders
        #[arg(long, value_name = "DIR")]
        cwd: Option<PathBuf>,
    },
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// Run one phase alone: 1 reads threads, 2 consolidates
    #[arg(long, value_enum, value_name = "N")]
    pub(crate) phase: Option<Phase>,
    /// Change nothing; show which threads would be read, and why every other one is skipped
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Consolidate also shortly after the last time
    #[arg(long)]
    pub(crate) force: bool,
    /// Read failed threads again now, with all their tries
    #[arg(long)]
    pub(crate) retry: bool,
    /// The thread that is open now, which is never read [default: the one whose agent runs this
    /// command]
    #[arg(long, value_name = "ID")]
    pub(crate) current_thread: Option<String>,
}

/// Phase of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Phase {
    /// Make memories of threads
    #[value(name = "1")]
    One,
    /// Consolidate memories
    #[value(name = "2")]
    Two,
}

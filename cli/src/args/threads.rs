//! `threads`: the list's options, and what can be done with one thread.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::OTHER_CODES;

#[derive(Debug, Args)]
#[command(subcommand_precedence_over_arg = true)]
pub(crate) struct ThreadsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ThreadsCommand>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Options of the list")]
pub(crate) struct ListArgs {
    /// How many threads [default: 20, with --json 50; at most 1000]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) limit: Option<u32>,
    /// Where to go on: a cursor that an earlier list gave, with the same filters
    #[arg(long)]
    pub(crate) cursor: Option<String>,
    /// What to sort by [default: updated, or as the cursor says]
    #[arg(long, value_enum, value_name = "KEY")]
    pub(crate) sort: Option<Sort>,
    /// The oldest first
    #[arg(long)]
    pub(crate) asc: bool,
    /// The archived threads instead of the current ones
    #[arg(long)]
    pub(crate) archived: bool,
    /// Only threads that were started like this: cli, exec, subagent, …
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// Only threads of this model provider
    #[arg(long)]
    pub(crate) provider: Option<String>,
    /// Only threads that last worked in this folder; `.` is the current one
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// Only threads with this text in their name, title, preview, first message, folder or branch
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// Do not bring the index up to date first
    #[arg(long)]
    pub(crate) no_refresh: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// When the thread began
    Created,
    /// When its last line was written
    Updated,
}

/// What can be done with one thread. An ID may be shortened to any unique beginning.
#[derive(Debug, Subcommand)]
pub(crate) enum ThreadsCommand {
    /// Show everything that is known of a thread
    #[command(after_help = OTHER_CODES)]
    Show {
        /// The thread's id, or the beginning of it
        id: String,
        /// Do not bring the index up to date first
        #[arg(long)]
        no_refresh: bool,
    },
    /// Give a thread a name
    #[command(after_help = OTHER_CODES)]
    Rename {
        /// The thread's id, or the beginning of it
        id: String,
        /// The name
        #[arg(required_unless_present = "clear", conflicts_with = "clear")]
        name: Option<String>,
        /// Take the name away again
        #[arg(long)]
        clear: bool,
    },
    /// Take a thread out of the list of current ones; nothing is deleted or moved
    #[command(after_help = OTHER_CODES)]
    Archive {
        /// The thread's id, or the beginning of it
        id: String,
    },
    /// Bring an archived thread back
    #[command(after_help = OTHER_CODES)]
    Unarchive {
        /// The thread's id, or the beginning of it
        id: String,
    },
    /// Say whether memories may be made from a thread
    #[command(after_help = OTHER_CODES)]
    Memory {
        /// The thread's id, or the beginning of it
        id: String,
        /// Whether they may
        #[arg(value_enum)]
        mode: Memory,
    },
    /// Draw who spawned whom: a thread and what is below it, or every thread that has spawned others
    #[command(after_help = OTHER_CODES)]
    Tree(TreeArgs),
    /// Close a thread and everything that it spawned; nothing is deleted
    #[command(after_help = OTHER_CODES)]
    Close {
        /// The thread's id, or the beginning of it
        id: String,
    },
    /// Open a closed thread again, with exactly what was closed together with it
    #[command(after_help = OTHER_CODES)]
    Resume {
        /// The thread's id, or the beginning of it
        id: String,
    },
    /// Delete a thread with its goal and its logs; its rollout stays where it is
    #[command(after_help = OTHER_CODES)]
    Delete {
        /// The thread's id, or the beginning of it
        id: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

#[derive(Clone, Debug, Args)]
pub(crate) struct TreeArgs {
    /// The id of the thread at the top, or the beginning of it
    pub(crate) id: Option<String>,
    /// How many steps down [default: 10; at most 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1000), allow_negative_numbers = true)]
    pub(crate) depth: Option<u32>,
    /// How many threads at the top, the newest first [default: 20; at most 1000]
    #[arg(long, value_name = "N", conflicts_with = "id", value_parser = clap::value_parser!(u32).range(1..=1000), allow_negative_numbers = true)]
    pub(crate) limit: Option<u32>,
    /// Where to go on: only threads at the top that are older than this one
    #[arg(long, value_name = "ID", conflicts_with = "id")]
    pub(crate) before: Option<String>,
    /// Do not bring the index up to date first
    #[arg(long)]
    pub(crate) no_refresh: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Memory {
    /// They may
    Enabled,
    /// They may not
    Disabled,
}

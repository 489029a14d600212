//! `threads`: the list's options, and commands for one thread.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use threadkeep_state::SourceFilter;

use super::{ExportArgs, Ids, OTHER_CODES, OpenArgs, ReadArgs, THREAD, THREADS};

#[derive(Debug, Args)]
pub(crate) struct ThreadsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ThreadsCommand>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Options of the list")]
pub(crate) struct ListArgs {
    /// List at most this many threads [default: 20, with --json 50; at most 1000]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) limit: Option<u32>,
    /// Continue at the cursor that an earlier list printed, with the same filters
    #[arg(long)]
    pub(crate) cursor: Option<String>,
    /// Sort by this time [default: updated, or as the cursor says]
    #[arg(long, value_enum, value_name = "KEY")]
    pub(crate) sort: Option<Sort>,
    /// List the oldest first
    #[arg(long)]
    pub(crate) asc: bool,
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    /// Only threads whose session was deleted by its agent; what was read of it stays here
    #[arg(long)]
    pub(crate) gone: bool,
    /// List threads whose rollouts are missing
    #[arg(long, group = "shelf")]
    pub(crate) missing: bool,
    /// List threads that were deleted here, the latest first
    #[arg(long, group = "shelf", conflicts_with_all = NOT_OF_DELETED)]
    pub(crate) deleted: bool,
    /// Only threads updated at this time or later: 2026-11-20, 2026-11-20T14:00, today, yesterday,
    /// or 12h, 3d, 2w (ago)
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only threads last updated before this time; a date counts to its end
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Only threads with all these words, in any order, in their name, title, first message,
    /// sub-agent names, folder, branch or model; "…" keeps a phrase together
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// Show the tokens that each thread used, and those of its sub-agents
    #[arg(long)]
    pub(crate) tokens: bool,
    /// Do not update the index first
    #[arg(long)]
    pub(crate) no_refresh: bool,
}

/// Filters that a list and a search share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct WhichArgs {
    /// Archived threads instead of current ones
    #[arg(long, group = "shelf")]
    pub(crate) archived: bool,
    /// Current and archived threads together
    #[arg(long, group = "shelf")]
    pub(crate) any: bool,
    /// Also sub-agents, reviews, memory runs, attached forks and empty threads
    #[arg(long)]
    pub(crate) all: bool,
    /// Only threads of this source: user, exec, cli, vscode, subagent, review, guardian, memory,
    /// mcp, fork or empty; '!WORD' leaves them out; may be repeated
    #[arg(long, value_name = "WORD")]
    pub(crate) source: Vec<SourceFilter>,
    /// Only threads of this agent: codex, or a name in `threadkeep agents`; several with commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) agent: Vec<String>,
    /// Only threads of this model provider
    #[arg(long)]
    pub(crate) provider: Option<String>,
    /// Only threads that last used this model
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// Only threads that began on this git branch
    #[arg(long)]
    pub(crate) branch: Option<String>,
    /// Only threads that last worked in this folder; `.` is the current one
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// With --cwd: in its subfolders, too
    #[arg(long, requires = "cwd")]
    pub(crate) recursive: bool,
    /// Only threads of this git repository, given by its name or a folder in it, with all its
    /// worktrees and subfolders [default: that of the current folder]
    #[arg(long, value_name = "REPO", num_args = 0..=1, default_missing_value = ".", conflicts_with_all = ["cwd", "recursive"])]
    pub(crate) repo: Option<PathBuf>,
}

/// Options of the list that mean nothing for deleted threads, of which only the ids are kept.
const NOT_OF_DELETED: [&str; 18] = [
    "cursor",
    "sort",
    "asc",
    "all",
    "source",
    "agent",
    "provider",
    "model",
    "branch",
    "cwd",
    "recursive",
    "repo",
    "gone",
    "since",
    "until",
    "search",
    "tokens",
    "no_refresh",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// Start of the thread
    Created,
    /// Time of its last line
    Updated,
}

/// Commands for threads. An ID may be shortened to any unique beginning, or be the last digits of
/// one, a name, an agent's nickname or path, the path of a rollout, or `@1` for the first thread
/// of the list.
#[derive(Debug, Subcommand)]
#[command(mut_subcommands(|each| each.after_help(OTHER_CODES)))]
pub(crate) enum ThreadsCommand {
    /// Show everything about a thread
    Show {
        #[command(flatten)]
        ids: Ids,
        /// Do not update the index first
        #[arg(long)]
        no_refresh: bool,
    },
    /// Read a conversation: what was said, run and changed, turn by turn
    Read(ReadArgs),
    /// Write a conversation to one file, as Markdown or as a page for a browser
    Export(ExportArgs),
    /// Print the command that continues a conversation in its folder, or run it
    Open(OpenArgs),
    /// Give a thread a name
    Rename {
        #[arg(help = THREAD)]
        id: String,
        /// The name
        #[arg(required_unless_present = "clear", conflicts_with = "clear")]
        name: Option<String>,
        /// Remove the name
        #[arg(long)]
        clear: bool,
    },
    /// Move threads from the list to the archive; no file is moved or deleted
    Archive(Ids),
    /// Move archived threads back to the list; @1 is the first of `threads --archived`
    Unarchive(Ids),
    /// Allow or forbid making memories from threads
    Memory {
        #[command(flatten)]
        ids: Ids,
        /// Allowed or not
        #[arg(value_enum)]
        mode: Memory,
    },
    /// Show a thread and its sub-agents as a tree, or all such trees
    Tree(TreeArgs),
    /// Close threads and all their sub-agents; nothing is deleted
    Close(Ids),
    /// Reopen closed threads and the threads that were closed with them
    Reopen(Ids),
    /// Restore deleted threads, without what was deleted with them; @1 is the first of
    /// `threads --deleted`
    Restore(Ids),
    /// Delete threads with their goals and logs; their rollouts are kept
    Delete {
        #[arg(value_name = "ID", required_unless_present = "missing", help = THREADS)]
        ids: Vec<String>,
        /// Delete every thread whose rollout is missing
        #[arg(long, conflicts_with = "ids")]
        missing: bool,
        /// Delete without asking
        #[arg(short, long)]
        yes: bool,
    },
}

#[derive(Clone, Debug, Args)]
pub(crate) struct TreeArgs {
    /// The thread at the top, named as for the other commands
    pub(crate) id: Option<String>,
    /// Show this many steps down [default: 10; at most 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1000), allow_negative_numbers = true)]
    pub(crate) depth: Option<u32>,
    /// Show at most this many threads at the top, the latest updated first [default: 20; at most
    /// 1000]
    #[arg(long, value_name = "N", conflicts_with = "id", value_parser = clap::value_parser!(u32).range(1..=1000), allow_negative_numbers = true)]
    pub(crate) limit: Option<u32>,
    /// Continue with threads at the top that were updated before this one
    #[arg(long, value_name = "ID", conflicts_with = "id")]
    pub(crate) before: Option<String>,
    /// Show the tokens that each thread used, and those of all its sub-agents
    #[arg(long)]
    pub(crate) tokens: bool,
    /// Do not update the index first
    #[arg(long)]
    pub(crate) no_refresh: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Memory {
    /// Allow
    Enabled,
    /// Forbid
    Disabled,
}

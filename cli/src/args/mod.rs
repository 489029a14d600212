//! The command line, in the words of `--help`.

mod agents;
mod app_server;
mod config;
mod device_key;
mod doctor;
mod feedback;
mod goals;
mod keep;
mod logs;
mod memories;
mod refusal;
mod repair;
mod search;
mod threads;
mod transcript;
mod usage;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use threadkeep_app::dirs::Given;

pub(crate) use agents::{AgentsArgs, AgentsCommand};
pub(crate) use app_server::{AppServerArgs, AppServerCommand, RpcArgs};
pub(crate) use config::{ConfigArgs, ConfigCommand};
pub(crate) use device_key::{DeviceKeyArgs, DeviceKeyCommand, Format};
pub(crate) use doctor::DoctorArgs;
pub(crate) use feedback::FeedbackArgs;
pub(crate) use goals::{AccountArgs, Budget, GoalsArgs, GoalsCommand, Mode, SetArgs, Status};
pub(crate) use keep::{KeepArgs, KeptArgs, KeptCommand};
pub(crate) use logs::{Level, LogsArgs};
pub(crate) use memories::{MemoriesArgs, MemoriesCommand, Phase, RunArgs};
pub(crate) use refusal::fault;
pub(crate) use repair::RepairArgs;
pub(crate) use search::SearchArgs;
pub(crate) use threads::{ListArgs, Memory, Sort, ThreadsArgs, ThreadsCommand, TreeArgs, WhichArgs};
pub(crate) use transcript::{ExportArgs, ExportFormat, OpenArgs, ReadArgs, ReadFormat};
pub(crate) use usage::{By, UsageArgs};

// Names of variables are not in doc comments, where they would want backticks that `--help` would
// show.
const HOME: &str = "The agent's home, with its rollouts; several for a command that only reads \
    [default: $CODEX_HOME, otherwise ~/.codex]";
const SQLITE_HOME: &str = "The folder for the databases [default: $THREADKEEP_SQLITE_HOME, otherwise threadkeep/ in the home, \
    or after `agents add` ~/.local/share/threadkeep]";
const THREAD: &str = "The thread: an id, its first or last digits, a name, nickname or agent path, a rollout, \
    or @1 for the newest";
const THREADS: &str = "The threads: ids, their first or last digits, names, nicknames, agent paths, rollouts, \
    or @1 for the newest";
const COLOR: &str = "When to use colours; NO_COLOR and CLICOLOR_FORCE are respected";

const EXIT_CODES: &str = "\
Exit codes: 0 success, 1 problems were found, 2 failure; each command's help says what counts as a problem.
With --json, stdout is one JSON document and nothing else (with `logs`, one a row). Notes and errors go to stderr, one \
JSON object a line: {\"note\": …} or {\"error\": {\"message\": …, \"hint\": …}}. A command that takes ids prints {\"results\": […]}, \
one object an id in their order; the fields of a single one stand at the top as well.";

const BACKFILL_CODES: &str = "\
Exit codes: 0 success; 1 a file failed, is a copy of another or could not be listed; 2 failure, or interrupted.
Skipped lines and malformed names are reported and do not count as problems.";
const AUDIT_CODES: &str = "\
Exit codes: 0 index and rollouts agree, also after --repair, or the index is only behind: a rollout has changed since \
it was indexed; 1 the index is wrong, or a file, folder or thread could not be read; 2 failure, or there is no index.";
const STATUS_CODES: &str = "\
Exit codes: 0 success; 1 a database cannot be used or created, the home cannot be read, \
or the settings have errors; 2 failure.";
const DOCTOR_CODES: &str = "\
Changes nothing without --fix, file times included. With --json, secrets, user and host names are removed.

Exit codes: 0 healthy, or warnings without --strict; 1 failures; 2 the doctor itself could not run.";
const SEARCH_CODES: &str = "\
A word of three letters and more also finds longer words: `build` finds `building`. Parts of a word such as \
path/to/file.rs or snake_case are found in a row. An argument with a space is a phrase.

The best match comes first, and among equals the newest. The first search on a home works on its history for 2 s, the \
newest threads first, and then answers from what is indexed; `threadkeep backfill` indexes all of it.

With --json each hit has a snippet: its text, and in `marks` the ranges of characters (Unicode code points) that \
match.

Exit codes: 0 success, also if nothing is found; 2 failure.";
const USAGE_CODES: &str = "\
Cached tokens are a part of the input, and reasoning tokens a part of the output: input and output add up to the \
total. Each thread counts for itself: the history that a fork or sub-agent begins with counts where it was used. \
Turns that were taken back count, because they were paid for.

Days, weeks (ISO, from Monday) and months are those of UTC. Prices are not known here: they change, and differ by \
contract.

Exit codes: 0 success, also without any usage; 2 failure.";
const GOALS_CODES: &str = "\
Exit codes: 0 success (including `get` on a thread without a goal); 2 failure: no such goal, the goal was replaced, or \
goals are switched off (`goals = false` in the section [features] of the settings; `threadkeep config path` prints \
where they are).";
const MEMORIES_CODES: &str = "\
Exit codes: 0 success; 1 `run` failed for a thread, or could not consolidate; 2 failure, interrupted, or `run` while \
memories are switched off (`memories = true` in the section [features] of the settings switches them on; \
`threadkeep config path` prints where they are).";
const DEVICE_KEY_CODES: &str = "\
Exit codes: 0 success; 1 `list --check` found half a key; 2 failure, or a payload that is not signed.";
const LOGS_CODES: &str = "\
The newest rows are printed, the oldest of them first: the last line is the latest event.
With --json every row is a JSON object on its own line, also with --follow: this is the one command whose answer is \
not one document.

The level is set by logs.filter (`threadkeep config show`), and for one run by THREADKEEP_LOG, such as \
THREADKEEP_LOG=debug or THREADKEEP_LOG=info,sqlx=warn.

Exit codes: 0 success, also without any logs and when Ctrl-C or the end of a pipe ends --follow; 2 failure.";
const CONFIG_CODES: &str = "\
Exit codes: 0 success, 1 `show` found errors in the file, 2 failure.";
const REPAIR_CODES: &str = "Exit codes: 0 success, 1 something could not be done, 2 failure.";
const FEEDBACK_CODES: &str = "\
The bundle has the report of the doctor, which uses no network here, and its tags; with --include-logs also log rows. \
Secrets, your home directory, and names of user and host are removed from all of it. Nothing is sent without --upload.

Exit codes: 0 success, also if you answered no; 2 failure: no bundle was written, or the server did not accept it.";
const APP_SERVER_CODES: &str = "\
Without a subcommand, one client is served on stdin and stdout until its input ends.

Exit codes: 0 success; 1 `status` found no server; 2 failure.";
const OTHER_CODES: &str = "Exit codes: 0 success, 2 failure.";

/// Find, name, archive and watch your coding agent's conversations
#[derive(Debug, Parser)]
#[command(name = "threadkeep", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    #[arg(long, global = true, value_name = "DIR", help = HOME)]
    pub(crate) home: Vec<PathBuf>,
    #[arg(long, global = true, value_name = "DIR", help = SQLITE_HOME)]
    pub(crate) sqlite_home: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t, help = COLOR)]
    pub(crate) color: Color,
    /// Print only the answer: no notes, no progress, no summary
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print more: every file with problems, every cause of an error
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    pub(crate) verbose: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// On every output
    Always,
    /// Nowhere
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Index rollouts and their history: new, changed and removed ones since the last run
    #[command(after_help = BACKFILL_CODES)]
    Backfill(BackfillArgs),
    /// List threads, or show, name, archive, close or delete one
    #[command(after_help = OTHER_CODES)]
    Threads(ThreadsArgs),
    /// Search what was said in threads: by you, by the agent, and by its tools
    #[command(after_help = SEARCH_CODES)]
    Search(SearchArgs),
    /// Add up the tokens that threads used: by day, week, month, model, agent, folder or thread
    #[command(after_help = USAGE_CODES)]
    Usage(UsageArgs),
    /// List other coding agents on this machine, and choose whose sessions are shown
    #[command(after_help = agents::CODES)]
    Agents(AgentsArgs),
    /// Copy the files of sessions, so that they stay when their agents delete theirs
    #[command(after_help = keep::KEEP_CODES, override_usage = keep::USAGE)]
    Keep(KeepArgs),
    /// List kept sessions, and give one back to its agent
    #[command(after_help = keep::KEPT_CODES)]
    Kept(KeptArgs),
    /// Set a thread's goal: an objective and, if you like, a token budget
    #[command(after_help = GOALS_CODES)]
    Goals(GoalsArgs),
    /// Make and show memories of past threads, for later ones
    #[command(after_help = MEMORIES_CODES)]
    Memories(MemoriesArgs),
    /// Make keys of this device, and sign payloads with them
    #[command(after_help = DEVICE_KEY_CODES)]
    DeviceKey(DeviceKeyArgs),
    /// Show the logs: the newest rows, or new rows as they come
    #[command(after_help = LOGS_CODES)]
    Logs(LogsArgs),
    /// Compare the index with the rollouts, field by field
    #[command(after_help = AUDIT_CODES)]
    Audit(AuditArgs),
    /// Show the two directories, the databases and the state of the index
    #[command(after_help = STATUS_CODES)]
    Status,
    /// Check the whole installation: environment, settings, network and databases
    #[command(after_help = DOCTOR_CODES)]
    Doctor(DoctorArgs),
    /// Check the databases whole, and make those again that are damaged
    #[command(after_help = REPAIR_CODES)]
    Repair(RepairArgs),
    /// Copy every database, whole and checked, next to it
    #[command(after_help = REPAIR_CODES)]
    Snapshot,
    /// Serve threads, turns and goals to editors over JSON-RPC
    #[command(after_help = APP_SERVER_CODES)]
    AppServer(AppServerArgs),
    /// Call a method of the server in the background
    #[command(after_help = app_server::rpc_help())]
    Rpc(RpcArgs),
    /// Write a bundle for a bug report: the doctor's report and, if you like, log rows
    #[command(after_help = FEEDBACK_CODES)]
    Feedback(FeedbackArgs),
    /// Show the settings, their path, or their schema
    #[command(after_help = CONFIG_CODES)]
    Config(ConfigArgs),
    /// Print a shell's completion script
    #[command(after_help = OTHER_CODES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the values that a completion script offers, one a line
    #[command(hide = true)]
    CompleteValues {
        /// Kind of value
        #[arg(value_enum)]
        kind: Values,
        /// Add a tab and a description to each
        #[arg(long)]
        described: bool,
    },
}

/// Kind of values that a shell offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Values {
    /// Ids of threads, the newest first
    Ids,
    /// Ids of deleted threads
    Deleted,
    /// Words for `--source`
    Sources,
    /// Models of the newest threads
    Models,
    /// Names of agents
    Agents,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Ids {
    #[arg(value_name = "ID", required = true, help = THREADS)]
    pub(crate) ids: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct BackfillArgs {
    /// Read every rollout again from its start, changed or not
    #[arg(long)]
    pub(crate) force: bool,
    /// Restore deleted threads
    #[arg(long)]
    pub(crate) include_deleted: bool,
    /// Fail at once if another process is indexing
    #[arg(long)]
    pub(crate) no_wait: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct AuditArgs {
    /// Repair the index from the rollouts
    #[arg(long)]
    pub(crate) repair: bool,
}

impl Global {
    /// Returns the directories that were given.
    pub(crate) fn given(&self) -> Given {
        Given { home: self.home.first().cloned(), sqlite_home: self.sqlite_home.clone() }
    }
}

impl Cli {
    /// Reads the command line. Help that was asked for is an error, too.
    pub(crate) fn read() -> Result<Cli, clap::Error> {
        Cli::try_parse().and_then(Cli::check)
    }

    /// Refuses options that would be ignored: a list's before a subcommand, and homes on both sides
    /// of the command.
    fn check(self) -> Result<Cli, clap::Error> {
        if let Command::Threads(threads) = &self.command
            && threads.command.is_some()
            && threads.list != ListArgs::default()
        {
            let message = "the options of the list do not go with a subcommand of `threads`";
            return Err(Cli::command().error(ErrorKind::ArgumentConflict, message));
        }
        // Of a global option on both sides of the command, clap keeps one side alone.
        let names = |word: &OsString| word == "--home" || word.as_encoded_bytes().starts_with(b"--home=");
        if std::env::args_os().filter(names).count() > self.global.home.len() {
            let message = "name all homes on the same side of the command";
            return Err(Cli::command().error(ErrorKind::ArgumentConflict, message));
        }
        Ok(self)
    }
}

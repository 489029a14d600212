//! The command line: what can be typed, in the words of `--help`.

mod config;
mod goals;
mod logs;
mod threads;
mod when;

use std::borrow::Cow;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use threadkeep_redact::redact;

pub(crate) use config::{ConfigArgs, ConfigCommand};
pub(crate) use goals::{AccountArgs, Budget, GoalsArgs, GoalsCommand, Mode, SetArgs, Status};
pub(crate) use logs::{Level, LogsArgs};
pub(crate) use threads::{ListArgs, Memory, Sort, ThreadsArgs, ThreadsCommand, TreeArgs};

use crate::exit::{Code, Fault};
use crate::output::Screen;

// Names of variables are not in doc comments, where they would want backticks that `--help` would show.
const HOME: &str = "The agent's home, with its rollouts [default: $CODEX_HOME, else ~/.codex]";
const SQLITE_HOME: &str =
    "Where the databases are [default: $THREADKEEP_SQLITE_HOME, else threadkeep/ in the home]";
const COLOR: &str = "Whether to use colours; NO_COLOR and CLICOLOR_FORCE are heeded";

const EXIT_CODES: &str = "\
Exit codes: 0 fine, 1 problems were found, 2 could not run; what a problem is, the help of each command says.
With --json, stdout is one JSON document and nothing else (of `logs`, one a row). Notes and errors go to stderr, one \
JSON object a line: {\"note\": …} or {\"error\": {\"message\": …, \"hint\": …}}.";

const BACKFILL_CODES: &str = "\
Exit codes: 0 fine, 1 a file failed, is a copy of another or could not be listed, 2 could not run or was interrupted.
Skipped lines and malformed names are reported, and are no failure.";
const AUDIT_CODES: &str = "\
Exit codes: 0 index and rollouts agree, also after --repair, 1 they differ, or a file, folder or thread could not be \
looked at, 2 could not run or there is no index.";
const STATUS_CODES: &str = "\
Exit codes: 0 fine, 1 a database is in trouble or cannot be made, the home cannot be read, \
or the settings are wrong, 2 could not run.";
const GOALS_CODES: &str = "\
Exit codes: 0 fine, also of `get` where there is no goal, 2 could not run, there is no goal to change, it has been \
replaced, or goals are switched off (`goals = false` in the section [features] of the settings; `threadkeep config \
path` says where that is).";
const LOGS_CODES: &str = "\
The newest rows are printed, the oldest of them first, so that the last line is the last thing that happened.
With --json every row is a JSON object on a line of its own, also with --follow: the one command whose answer is not \
one document.

What is logged is set by logs.filter (`threadkeep config show`), and for one run by THREADKEEP_LOG, such as \
THREADKEEP_LOG=debug or THREADKEEP_LOG=info,sqlx=warn.

Exit codes: 0 fine, also when there are no logs and when --follow is ended by Ctrl-C or nobody reads any more, \
2 could not run.";
const CONFIG_CODES: &str = "\
Exit codes: 0 fine, 1 `show` found errors in the file, 2 could not run.";
const OTHER_CODES: &str = "Exit codes: 0 fine, 2 could not run.";

/// The durable local state of coding agents: an index of their threads, made from their rollouts.
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
    pub(crate) home: Option<PathBuf>,
    #[arg(long, global = true, value_name = "DIR", help = SQLITE_HOME)]
    pub(crate) sqlite_home: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t, help = COLOR)]
    pub(crate) color: Color,
    /// Say only what was asked for: no notes, no progress, no summary
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more: every file with problems, every cause of an error
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    pub(crate) verbose: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Wherever the output goes
    Always,
    /// Nowhere
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Index the home's rollouts: what is new, changed or gone since the last time
    #[command(after_help = BACKFILL_CODES)]
    Backfill(BackfillArgs),
    /// List threads, or look after one of them
    #[command(after_help = OTHER_CODES)]
    Threads(ThreadsArgs),
    /// See and set the goals of threads: what is to be reached, and how much may be used for it
    #[command(after_help = GOALS_CODES)]
    Goals(GoalsArgs),
    /// Show what was logged: the newest rows, or as they come
    #[command(after_help = LOGS_CODES)]
    Logs(LogsArgs),
    /// Hold the index against the rollouts, field by field
    #[command(after_help = AUDIT_CODES)]
    Audit(AuditArgs),
    /// Show the two directories, the databases and how far the index is
    #[command(after_help = STATUS_CODES)]
    Status,
    /// Show the settings, where they are, or what can be set
    #[command(after_help = CONFIG_CODES)]
    Config(ConfigArgs),
    /// Print a shell's completion script
    #[command(after_help = OTHER_CODES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Clone, Debug, Args)]
pub(crate) struct BackfillArgs {
    /// Read every rollout again from its start, changed or not
    #[arg(long)]
    pub(crate) force: bool,
    /// Bring back threads that were deleted
    #[arg(long)]
    pub(crate) include_deleted: bool,
    /// Give up at once if another process is indexing
    #[arg(long)]
    pub(crate) no_wait: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct AuditArgs {
    /// Mend the index from the rollouts
    #[arg(long)]
    pub(crate) repair: bool,
}

impl Cli {
    /// Reads the command line; says what is wrong with it, or gives the help that was asked for.
    pub(crate) fn read() -> Result<Cli, Code> {
        Cli::try_parse().and_then(Cli::check).map_err(|error| {
            let code = if error.use_stderr() { Code::CouldNotRun } else { Code::Fine };
            let json = std::env::args_os().any(|argument| argument == "--json");
            let meant = meant(&error);
            // What clap prints repeats what was typed as it is.
            let has_secret = || matches!(redact(&error.to_string()), Cow::Owned(_));
            if error.use_stderr() && (json || meant.is_some() || has_secret()) {
                let screen = Screen::new(&Global { json, ..Global::default() });
                let fault = usage_fault(&error);
                screen.fault(&Fault { hint: meant.or(fault.hint), ..fault });
            } else {
                // There is nobody left to tell when this cannot be printed.
                let _ = error.print();
            }
            code
        })
    }

    /// A list's options before a subcommand would be ignored in silence.
    fn check(self) -> Result<Cli, clap::Error> {
        if let Command::Threads(threads) = &self.command
            && threads.command.is_some()
            && threads.list != ListArgs::default()
        {
            let message = "the options of the list do not go with a subcommand of `threads`";
            return Err(Cli::command().error(ErrorKind::ArgumentConflict, message));
        }
        Ok(self)
    }
}

/// What was probably meant by a subcommand that does not exist.
fn meant(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    match word.as_str() {
        "list" | "ls" => Some("`threadkeep threads` lists threads".to_owned()),
        word => {
            let cli = Cli::command();
            let has = |command: &&str| cli.find_subcommand(command)?.find_subcommand(word);
            let command =
                ["threads", "goals", "config"].into_iter().find(|command| has(command).is_some())?;
            Some(format!("`threadkeep {command} {word}` is the command"))
        }
    }
}

fn usage_fault(error: &clap::Error) -> Fault {
    let text = error.to_string();
    // What is missing is named below the first line.
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let said = lines.collect::<Vec<_>>().join(" ");
    let usage = error.get(ContextKind::Usage).map(|usage| usage.to_string().trim().to_owned());
    let message = said.strip_prefix("error: ").unwrap_or(&said);
    Fault::new(message, usage.as_deref().or(Some("threadkeep --help")), &[])
}

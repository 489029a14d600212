//! `logs`: filters for rows, and their form.

use clap::{Args, ValueEnum};
use jiff::{Timestamp, Zoned};

// The name in it would need backticks in a doc comment, which `--help` would show.
const MODULE: &str = "Only rows of this module and those below it, such as threadkeep_state";

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of the logs")]
pub(crate) struct LogsArgs {
    /// Only rows of this level or a more severe one
    #[arg(short, long, value_enum, value_name = "LEVEL", ignore_case = true)]
    pub(crate) level: Option<Level>,
    /// Only rows of exactly this level
    #[arg(long, value_enum, value_name = "LEVEL", ignore_case = true, conflicts_with = "level")]
    pub(crate) only_level: Option<Level>,
    /// Only rows from this time on: RFC 3339, a date, Unix seconds, or an age (90s, 15m, 2h, 3d,
    /// 1w)
    #[arg(long, value_name = "TIME", value_parser = when, allow_negative_numbers = true)]
    pub(crate) from: Option<Timestamp>,
    /// Only rows before this time, in the same forms
    #[arg(long, value_name = "TIME", value_parser = when, allow_negative_numbers = true)]
    pub(crate) to: Option<Timestamp>,
    #[arg(long, help = MODULE)]
    pub(crate) module: Option<String>,
    /// Only rows of this source file, or the end of its path
    #[arg(long)]
    pub(crate) file: Option<String>,
    /// Only rows of this thread, by its id or its first digits; may be given several times
    #[arg(long = "thread", value_name = "ID")]
    pub(crate) threads: Vec<String>,
    /// Only rows without a thread; with --thread, these as well
    #[arg(long)]
    pub(crate) threadless: bool,
    /// Only rows with this text in their message or fields
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// Print at most this many rows, the newest [default: 100]
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) limit: Option<u32>,
    /// Keep printing rows as they come, until Ctrl-C
    #[arg(short, long, conflicts_with = "to")]
    pub(crate) follow: bool,
    /// One short line a row: time of day, level, target and message
    #[arg(long, conflicts_with = "json")]
    pub(crate) compact: bool,
}

fn when(text: &str) -> Result<Timestamp, String> {
    threadkeep_app::when::when(text, &Zoned::now())
}

/// Severity of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// Something failed
    Error,
    /// Something deserves a look
    Warn,
    /// Actions
    Info,
    /// Details of actions
    Debug,
    /// Every step
    Trace,
}

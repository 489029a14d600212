//! `logs`: which rows, and how they are shown.

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::when::when;

// With a name in it that would want backticks in a doc comment, which `--help` would show.
const MODULE: &str = "Only rows of this module and those below it, such as threadkeep_state";

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of the logs")]
pub(crate) struct LogsArgs {
    /// Only rows of this level and the more severe ones
    #[arg(short, long, value_enum, value_name = "LEVEL", ignore_case = true)]
    pub(crate) level: Option<Level>,
    /// Only rows of exactly this level
    #[arg(long, value_enum, value_name = "LEVEL", ignore_case = true, conflicts_with = "level")]
    pub(crate) only_level: Option<Level>,
    /// Only rows from this time on: RFC 3339, a date, Unix seconds, or how long ago (90s, 15m, 2h, 3d, 1w)
    #[arg(long, value_name = "TIME", value_parser = when, allow_negative_numbers = true)]
    pub(crate) from: Option<Timestamp>,
    /// Only rows before this time, given in the same ways
    #[arg(long, value_name = "TIME", value_parser = when, allow_negative_numbers = true)]
    pub(crate) to: Option<Timestamp>,
    #[arg(long, help = MODULE)]
    pub(crate) module: Option<String>,
    /// Only rows of this source file, or the end of its path
    #[arg(long)]
    pub(crate) file: Option<String>,
    /// Only rows of this thread, by its id or a unique beginning; can be given several times
    #[arg(long = "thread", value_name = "ID")]
    pub(crate) threads: Vec<String>,
    /// Only rows that belong to no thread; with --thread, those as well
    #[arg(long)]
    pub(crate) threadless: bool,
    /// Only rows with this text in their message or fields
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// How many rows at most, the newest [default: 100]
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) limit: Option<u32>,
    /// Go on printing rows as they come, until Ctrl-C
    #[arg(short, long, conflicts_with = "to")]
    pub(crate) follow: bool,
    /// One short line a row: time of day, level, target and message
    #[arg(long, conflicts_with = "json")]
    pub(crate) compact: bool,
}

/// How severe a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// Something failed
    Error,
    /// Something deserves a look
    Warn,
    /// What was done
    Info,
    /// How it was done
    Debug,
    /// Every step of it
    Trace,
}

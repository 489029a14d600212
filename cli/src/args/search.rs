//! `search`: words, and where to look for them.

use clap::{Args, ValueEnum};
use threadkeep_history::Said;

use super::WhichArgs;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of the search")]
pub(crate) struct SearchArgs {
    /// Words that a message must all have, in any order; '"…"' or an argument with a space is a
    /// phrase
    #[arg(value_name = "WORDS", required = true)]
    pub(crate) words: Vec<String>,
    /// Only what this speaker said; may be repeated
    #[arg(long, value_enum, value_name = "SPEAKER")]
    pub(crate) said: Vec<Speaker>,
    /// Only whole words: `build` does not find `building`
    #[arg(short, long)]
    pub(crate) whole_words: bool,
    /// Only what was said at this time or later: 2026-11-20, 2026-11-20T14:00, today, yesterday, or
    /// 12h, 3d, 2w (ago)
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    /// Show at most this many threads [default: 10; at most 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000), allow_negative_numbers = true)]
    pub(crate) limit: Option<u32>,
    /// Do not update index and history first
    #[arg(long)]
    pub(crate) no_refresh: bool,
}

/// Speaker of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Speaker {
    /// You
    User,
    /// The agent
    Agent,
    /// Its tools: commands that ran, files that were changed, and the head of their output
    Tool,
}

impl From<Speaker> for Said {
    fn from(speaker: Speaker) -> Said {
        match speaker {
            Speaker::User => Said::User,
            Speaker::Agent => Said::Agent,
            Speaker::Tool => Said::Tool,
        }
    }
}

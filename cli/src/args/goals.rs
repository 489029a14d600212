//! `goals`: what can be done with the goal of a thread.

use clap::{Args, Subcommand, ValueEnum};
use uuid::Uuid;

use super::GOALS_CODES;

#[derive(Clone, Debug, Args)]
pub(crate) struct GoalsArgs {
    #[command(subcommand)]
    pub(crate) command: GoalsCommand,
}

/// What can be done with the goal of a thread. An ID may be shortened to any unique beginning; that of a thread that is not
/// indexed has to be whole.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum GoalsCommand {
    /// List the goals there are, the latest updated first
    #[command(after_help = GOALS_CODES)]
    List {
        /// Only goals with this status; can be given several times
        #[arg(long, value_enum)]
        status: Vec<Status>,
        /// How many goals at most [default: 100]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
        limit: Option<u32>,
    },
    /// Show the goal of a thread
    #[command(after_help = GOALS_CODES)]
    Get {
        /// The thread's id, or the beginning of it
        id: String,
    },
    /// Give a thread a goal, or change the one it has
    #[command(after_help = GOALS_CODES)]
    Set(SetArgs),
    /// Pause an active goal
    #[command(after_help = GOALS_CODES)]
    Pause {
        /// The thread's id, or the beginning of it
        id: String,
    },
    /// Make a goal active again that is paused, blocked or limited
    #[command(after_help = GOALS_CODES)]
    Resume {
        /// The thread's id, or the beginning of it
        id: String,
    },
    /// Say that a goal is reached
    #[command(after_help = GOALS_CODES)]
    Complete {
        /// The thread's id, or the beginning of it
        id: String,
    },
    /// Take the goal of a thread away
    #[command(after_help = GOALS_CODES)]
    Clear {
        /// The thread's id, or the beginning of it
        id: String,
    },
    /// Add to what was used for a goal
    #[command(after_help = GOALS_CODES)]
    Account(AccountArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct SetArgs {
    /// The thread's id, or the beginning of it
    pub(crate) id: String,
    /// What is to be reached; may be left out to change the rest of the goal that there is
    #[arg(required_unless_present_any = ["budget", "status"])]
    pub(crate) objective: Option<String>,
    /// How many tokens may be used for it, or `none` for no limit
    #[arg(long, value_name = "N", value_parser = budget, allow_negative_numbers = true)]
    pub(crate) budget: Option<Budget>,
    /// The status it has then [default: active for a new goal, unchanged for one that is there]
    #[arg(long, value_enum)]
    pub(crate) status: Option<Status>,
    /// Put a new goal in the place of the one that is there, with nothing used yet
    #[arg(long, requires = "objective")]
    pub(crate) new: bool,
    /// Change nothing unless the thread's goal is this one
    #[arg(long, value_name = "ID", conflicts_with = "new")]
    pub(crate) goal_id: Option<Uuid>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct AccountArgs {
    /// The thread's id, or the beginning of it
    pub(crate) id: String,
    /// How many tokens were used
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) tokens: Option<i64>,
    /// How many seconds were used
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) seconds: Option<i64>,
    /// Change nothing unless the thread's goal is this one
    #[arg(long, value_name = "ID")]
    pub(crate) goal_id: Option<Uuid>,
    /// Of which goals what is used counts
    #[arg(long, value_enum, default_value_t)]
    pub(crate) mode: Mode,
}

/// What may be used: a number of tokens, or any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    Tokens(i64),
    None,
}

fn budget(text: &str) -> Result<Budget, String> {
    if text == "none" {
        return Ok(Budget::None);
    }
    let digits = text.replace(['_', ','], "");
    let tokens = digits.parse().ok().filter(|tokens| *tokens > 0).map(Budget::Tokens);
    tokens.ok_or_else(|| "a budget is a number of tokens from 1, or `none`".to_owned())
}

/// The status of a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Status {
    /// It is being worked on
    Active,
    /// Somebody paused it
    Paused,
    /// It cannot go on without help
    Blocked,
    /// The agent's usage limit stopped it
    UsageLimited,
    /// Its budget is used up
    BudgetLimited,
    /// It is reached
    Complete,
}

/// Of which goals what is used counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Of active ones
    #[default]
    Active,
    /// Of active ones and complete ones
    ActiveOrComplete,
    /// Of active ones and those that were stopped
    ActiveOrStopped,
}

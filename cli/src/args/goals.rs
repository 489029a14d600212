//! `goals`: commands for a thread's goal.

use clap::{Args, Subcommand, ValueEnum};
use uuid::Uuid;

use super::{GOALS_CODES, Id};

#[derive(Clone, Debug, Args)]
pub(crate) struct GoalsArgs {
    #[command(subcommand)]
    pub(crate) command: GoalsCommand,
}

/// Commands for a thread's goal. An ID may be shortened to any unique beginning; the id of a thread
/// that is not indexed must be whole.
#[derive(Clone, Debug, Subcommand)]
#[command(mut_subcommands(|each| each.after_help(GOALS_CODES)))]
pub(crate) enum GoalsCommand {
    /// List goals, the latest updated first
    List {
        /// Only goals with this status; may be given several times
        #[arg(long, value_enum)]
        status: Vec<Status>,
        /// List at most this many goals [default: 100]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
        limit: Option<u32>,
    },
    /// Show a thread's goal
    Get(Id),
    /// Give a thread a goal, or change the one it has
    Set(SetArgs),
    /// Pause an active goal
    Pause(Id),
    /// Make a paused, blocked or limited goal active again
    Resume(Id),
    /// Mark a goal as complete
    Complete(Id),
    /// Remove a thread's goal
    Clear(Id),
    /// Record tokens and time spent on a goal
    Account(AccountArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct SetArgs {
    /// The thread's id, or its first digits
    pub(crate) id: String,
    /// The objective; leave it out to change only budget or status of the present goal
    #[arg(required_unless_present_any = ["budget", "status"])]
    pub(crate) objective: Option<String>,
    /// The token budget, or `none` for no limit
    #[arg(long, value_name = "N", value_parser = budget, allow_negative_numbers = true)]
    pub(crate) budget: Option<Budget>,
    /// The new status [default: active for a new goal, otherwise unchanged]
    #[arg(long, value_enum)]
    pub(crate) status: Option<Status>,
    /// Replace the present goal with a new one, with nothing used yet
    #[arg(long, requires = "objective")]
    pub(crate) new: bool,
    /// Change nothing unless the goal has this id
    #[arg(long, value_name = "ID", conflicts_with = "new")]
    pub(crate) goal_id: Option<Uuid>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct AccountArgs {
    /// The thread's id, or its first digits
    pub(crate) id: String,
    /// Tokens spent
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) tokens: Option<i64>,
    /// Seconds spent
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) seconds: Option<i64>,
    /// Change nothing unless the goal has this id
    #[arg(long, value_name = "ID")]
    pub(crate) goal_id: Option<Uuid>,
    /// Record the usage only if the goal's status is one of these
    #[arg(long, value_enum, default_value_t)]
    pub(crate) mode: Mode,
}

/// Token budget: a number, or no limit.
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
    /// Work on it goes on
    Active,
    /// The user paused it
    Paused,
    /// It needs help
    Blocked,
    /// The agent's usage limit stopped it
    UsageLimited,
    /// Its budget is used up
    BudgetLimited,
    /// It is reached
    Complete,
}

/// Goals for which usage is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// An active goal
    #[default]
    Active,
    /// An active or complete goal
    ActiveOrComplete,
    /// An active, paused, blocked or limited goal
    ActiveOrStopped,
}

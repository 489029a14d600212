//! `goals`: commands for a thread's goal.

use clap::{Args, Subcommand, ValueEnum};
use uuid::Uuid;

use super::{GOALS_CODES, Ids, THREAD};

#[derive(Clone, Debug, Args)]
pub(crate) struct GoalsArgs {
    #[command(subcommand)]
    pub(crate) command: GoalsCommand,
}

/// Commands for a thread's goal. An ID is named as for `threads`; the id of a thread that is not
/// indexed must be whole.
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
    /// Show the goals of threads
    Get(Ids),
    /// Give one thread a goal, or change the one it has
    Set(SetArgs),
    /// Pause active goals
    Pause(Ids),
    /// Make paused, blocked or limited goals active again
    Resume(Ids),
    /// Mark goals as complete
    Complete(Ids),
    /// Remove the goals of threads
    Clear(Ids),
    /// Record tokens and time spent on the goal of one thread
    Account(AccountArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct SetArgs {
    #[arg(help = THREAD)]
    pub(crate) id: String,
    /// The objective; leave it out to change only budget or status of the present goal
    #[arg(required_unless_present_any = ["budget", "status"])]
    pub(crate) objective: Option<String>,
    /// The token budget, such as 50000, 50k or 1.5M, or `none` for no limit
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
    /// Set it also for an id that no rollout and no index knows
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct AccountArgs {
    #[arg(help = THREAD)]
    pub(crate) id: String,
    /// Tokens spent, such as 12000 or 12k
    #[arg(long, value_name = "N", value_parser = spent, allow_negative_numbers = true)]
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
    let tokens = tokens(text).filter(|tokens| *tokens > 0).map(Budget::Tokens);
    tokens.ok_or_else(|| "a budget is a number of tokens from 1, such as 50k or 1.5M, or `none`".to_owned())
}

/// Reads usage, which a caller may have computed wrongly: what is negative is refused later.
fn spent(text: &str) -> Result<i64, String> {
    let tokens = text.parse().ok().or_else(|| tokens(text));
    tokens.ok_or_else(|| "tokens are a number, such as 12000 or 12k".to_owned())
}

/// Reads a number as it is printed: `50,000`, `50k`, `1.5M`.
fn tokens(text: &str) -> Option<i64> {
    let digits = text.trim().replace(['_', ','], "");
    let unit = digits.chars().last()?;
    let zeros = "kmgtpe".find(unit.to_ascii_lowercase()).map_or(0, |n| 3 * (n + 1));
    let number = if zeros == 0 { &digits[..] } else { &digits[..digits.len() - 1] };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if part.len() > zeros || whole.is_empty() || !are_digits(whole) || !are_digits(part) {
        return None;
    }
    let zeros = "0".repeat(zeros - part.len());
    format!("{whole}{part}{zeros}").parse().ok()
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

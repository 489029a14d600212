//! `goals`: what is to be reached in a thread, and how much may be used for it.

use std::collections::HashSet;

use serde_json::{Value, json};
use threadkeep_state::StateError;
use threadkeep_state_goals::{Goal, ListGoals};
use uuid::Uuid;

use super::goal_edit::{Change, change};
use super::goal_text;
use super::resolve::resolve;
use super::{goal_sheet, goal_store};
use crate::args::{GoalsCommand, Status};
use crate::homes::Homes;
use crate::index;
use crate::output::{Answer, Screen, json};

/// How many goals a list has unless more are asked for.
const LISTED: u32 = 100;

/// What `goals` answers.
pub(super) enum Goals {
    List {
        goals: Vec<Goal>,
        /// The threads among theirs whose ids may be shortened.
        indexed: HashSet<Uuid>,
        more: bool,
        filtered: bool,
    },
    One {
        thread: Uuid,
        goal: Option<Goal>,
    },
    /// What was done, and the goal as it is now.
    Done {
        said: String,
        thread: Uuid,
        goal: Option<Goal>,
        /// Of usage, whether it counts.
        counted: Option<bool>,
    },
}

pub(super) async fn goals(homes: &Homes, command: &GoalsCommand, screen: &Screen) -> anyhow::Result<Goals> {
    match command {
        GoalsCommand::List { status, limit } => list(homes, status, limit.unwrap_or(LISTED), screen).await,
        GoalsCommand::Get { id } => {
            let thread = resolve(homes, id, screen).await?;
            Ok(Goals::One {
                thread,
                goal: goal_store::for_reading(&homes.sqlite_home).await?.get(thread).await?,
            })
        }
        GoalsCommand::Set(args) => change(homes, &args.id, Change::Set(args), screen).await,
        GoalsCommand::Pause { id } => change(homes, id, Change::Pause, screen).await,
        GoalsCommand::Resume { id } => change(homes, id, Change::Resume, screen).await,
        GoalsCommand::Complete { id } => change(homes, id, Change::Complete, screen).await,
        GoalsCommand::Clear { id } => change(homes, id, Change::Clear, screen).await,
        GoalsCommand::Account(args) => change(homes, &args.id, Change::Account(args), screen).await,
    }
}

async fn list(homes: &Homes, status: &[Status], limit: u32, screen: &Screen) -> anyhow::Result<Goals> {
    let statuses = status.iter().map(|status| goal_text::of_typed(*status)).collect();
    // One more: whether there are more is worth knowing.
    let query = ListGoals { statuses, limit: limit.saturating_add(1), ..ListGoals::default() };
    let mut goals = goal_store::for_reading(&homes.sqlite_home).await?.list(&query).await?;
    let more = goals.len() > limit as usize;
    goals.truncate(limit as usize);
    let indexed = if screen.json { HashSet::new() } else { indexed(homes, &goals).await.unwrap_or_default() };
    Ok(Goals::List { goals, indexed, more, filtered: !status.is_empty() })
}

/// The threads of goals that the index knows, as it is: nothing when it cannot be read.
async fn indexed(homes: &Homes, goals: &[Goal]) -> Result<HashSet<Uuid>, StateError> {
    let state = index::read_only(homes).await?;
    let ids: Vec<Uuid> = goals.iter().map(|goal| goal.thread_id).collect();
    let threads = state.threads().get_many(&ids).await?;
    state.close().await?;
    Ok(threads.into_iter().map(|thread| thread.id).collect())
}

impl Answer for Goals {
    fn json(&self) -> Value {
        match self {
            Goals::List { goals, more, .. } => {
                json!({ "goals": goals.iter().map(json::goal).collect::<Vec<_>>(), "more": more })
            }
            Goals::One { thread, goal } => {
                json!({ "thread_id": thread, "goal": goal.as_ref().map(json::goal) })
            }
            Goals::Done { thread, goal, counted, .. } => {
                let mut document = json!({ "thread_id": thread, "goal": goal.as_ref().map(json::goal) });
                if let Some(counted) = counted {
                    document["counted"] = (*counted).into();
                }
                document
            }
        }
    }

    fn text(&self, screen: &Screen) -> String {
        match self {
            Goals::List { goals, .. } if goals.is_empty() && screen.quiet => String::new(),
            Goals::List { goals, indexed, more, filtered } => {
                goal_sheet::list(goals, indexed, *more, *filtered, screen)
            }
            Goals::One { goal: Some(goal), .. } => goal_sheet::sheet(goal, screen),
            Goals::One { thread, goal: None } => {
                format!("{thread} has no goal\n")
            }
            Goals::Done { .. } if screen.quiet => String::new(),
            Goals::Done { said, .. } => format!("{}\n", screen.typable(said)),
        }
    }

    fn done(&self) -> String {
        match self {
            Goals::Done { goal: Some(goal), .. } => goal_text::summary(goal),
            _ => "the thread has no goal".to_owned(),
        }
    }

    fn thread(&self) -> Option<Uuid> {
        match self {
            // Without a goal it may be a thread that was deleted.
            Goals::Done { thread, goal: Some(_), .. } => Some(*thread),
            _ => None,
        }
    }
}

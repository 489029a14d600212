//! Answers of the commands for goals.

use serde_json::{Value, json};
use threadkeep_app::Message;
use threadkeep_app::text::count;
use threadkeep_state::{AgentGoal, Thread};
use threadkeep_state_goals::Goal;
use uuid::Uuid;

use super::{sheet, text};
use crate::output::color::{DIM, paint};
use crate::output::ids::Ids;
use crate::output::{Answer, Screen, json};

/// Answer of a command for goals.
pub(super) enum Goals {
    List {
        goals: Vec<Goal>,
        /// Threads whose agents have goals.
        agents: Vec<Thread>,
        ids: Ids,
        more: bool,
        filtered: bool,
    },
    One {
        thread: Uuid,
        goal: Option<Goal>,
        /// Goal that the agent itself pursues, as it was last set.
        agent_goal: Option<AgentGoal>,
    },
    /// The change that was made, and the goal after it.
    Done {
        said: Message,
        thread: Uuid,
        goal: Option<Goal>,
        /// True if usage was recorded; only for usage.
        counted: Option<bool>,
    },
}

impl Answer for Goals {
    fn json(&self) -> Value {
        match self {
            Goals::List { goals, agents, more, .. } => {
                let of_agent =
                    |thread: &Thread| json!({ "thread_id": thread.id, "agent_goal": thread.agent_goal });
                json!({
                    "goals": goals.iter().map(json::goal).collect::<Vec<_>>(),
                    "agent_goals": agents.iter().map(of_agent).collect::<Vec<_>>(),
                    "more": more,
                })
            }
            Goals::One { thread, goal, agent_goal } => json!({
                "thread_id": thread,
                "goal": goal.as_ref().map(json::goal),
                "agent_goal": agent_goal,
            }),
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
            Goals::List { goals, agents, ids, .. } => sheet::list(goals, agents, ids, screen),
            Goals::One { thread, goal: None, agent_goal: None } => format!("thread {thread} has no goal\n"),
            Goals::One { thread, goal, agent_goal } => {
                sheet::sheet(*thread, goal.as_ref(), agent_goal.as_ref(), screen)
            }
            Goals::Done { .. } if screen.quiet => String::new(),
            Goals::Done { said, .. } => format!("{}\n", screen.render(said.clone())),
        }
    }

    fn aside(&self, screen: &Screen) -> String {
        match self {
            Goals::List { goals, agents, filtered, .. } if goals.is_empty() && agents.is_empty() => {
                sheet::why_empty(*filtered, screen)
            }
            Goals::List { goals, more: true, .. } => {
                let shown = count(goals.len() as u64);
                paint(DIM, &format!("{shown} shown · more: --limit N")) + "\n"
            }
            _ => String::new(),
        }
    }

    fn done(&self) -> String {
        match self {
            Goals::Done { goal: Some(goal), .. } => text::summary(goal),
            // Says whether there was one, without the thread's id.
            Goals::Done { said, .. } => said.logged(),
            _ => String::new(),
        }
    }

    fn changed(&self) -> bool {
        matches!(self, Goals::Done { .. })
    }

    fn thread(&self) -> Option<Uuid> {
        match self {
            // A thread without a goal may have been deleted.
            Goals::Done { thread, goal: Some(_), .. } => Some(*thread),
            _ => None,
        }
    }
}

//! `goals list|get`: goals as they are.

use async_trait::async_trait;
use threadkeep_app::Fault;
use threadkeep_app::dirs::Dirs;
use threadkeep_app::opening::{self, Index};
use threadkeep_app::refresh::refresh;
use threadkeep_app::settings::Feature;
use threadkeep_state::{AgentGoal, StateError, Thread};
use threadkeep_state_goals::{Goal, ListGoals};
use uuid::Uuid;

use super::answer::Goals;
use super::text::of_typed;
use crate::args::Status;
use crate::command::{Answered, Context, Run};
use crate::commands::resolve::resolve;
use crate::commands::several::Several;
use crate::output::Screen;
use crate::output::ids::Ids;

/// Default number of goals in a list.
const LISTED: u32 = 100;

/// `goals list`.
pub(super) struct List<'a> {
    pub(super) status: &'a [Status],
    pub(super) limit: Option<u32>,
}

/// `goals get`.
pub(super) struct Get<'a> {
    pub(super) ids: &'a [String],
}

#[async_trait(?Send)]
impl Run for List<'_> {
    fn feature(&self) -> Option<Feature> {
        Some(Feature::Goals)
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let statuses = self.status.iter().map(|status| of_typed(*status)).collect();
        let limit = self.limit.unwrap_or(LISTED);
        // One more, to know whether there are more.
        let query = ListGoals { statuses, limit: limit.saturating_add(1), ..ListGoals::default() };
        let mut goals = opening::goals(dirs).await?.list(&query).await?;
        // The goals of agents stand in rollouts. They are no reason to fail.
        let _ = refresh_index(dirs, screen).await;
        let more = goals.len() > limit as usize;
        goals.truncate(limit as usize);
        // An agent's words for a status are not ours.
        let limit = if self.status.is_empty() { limit } else { 0 };
        let (agents, ids) = of_agents(dirs, &goals, limit).await.unwrap_or_default();
        Ok(Box::new(Goals::List { goals, agents, ids, more, filtered: !self.status.is_empty() }))
    }
}

#[async_trait(?Send)]
impl Run for Get<'_> {
    fn parts(&self) -> Vec<Box<dyn Run + '_>> {
        self.ids.chunks(1).map(|ids| Box::new(Get { ids }) as Box<dyn Run + '_>).collect()
    }

    fn feature(&self) -> Option<Feature> {
        Some(Feature::Goals)
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let threads = resolve(dirs, self.ids, screen).await?;
        let goals = Several::of(self.ids, threads, screen, async |thread| {
            let goal = opening::goals(dirs).await?.get(thread).await?;
            let agent_goal = agent_goal(dirs, thread).await.unwrap_or_default();
            Ok(Goals::One { thread, goal, agent_goal })
        });
        goals.await.answer()
    }
}

/// Brings the index of an agent home up to date, where it can be written.
async fn refresh_index(dirs: &Dirs, screen: &Screen) -> Result<(), Fault> {
    let home = dirs.agent_home()?;
    let index = Index::for_writing(dirs).await?;
    refresh(&index, &home, screen).await?;
    index.close().await
}

/// Returns the threads whose agents have goals, and how far the ids of all threads may be
/// shortened; fails if the index cannot be read as it is.
async fn of_agents(dirs: &Dirs, goals: &[Goal], limit: u32) -> Result<(Vec<Thread>, Ids), StateError> {
    let state = opening::stores_as_they_are(dirs).open_index().await?;
    let agents = state.threads().with_agent_goals(limit).await?;
    let ids = goals.iter().map(|goal| goal.thread_id).chain(agents.iter().map(|thread| thread.id));
    let ids = Ids::of(state.threads(), &ids.collect::<Vec<_>>()).await?;
    state.close().await?;
    Ok((agents, ids))
}

/// Returns the goal of a thread's agent; fails if the index cannot be read as it is.
async fn agent_goal(dirs: &Dirs, thread: Uuid) -> Result<Option<AgentGoal>, StateError> {
    let state = opening::stores_as_they_are(dirs).open_index().await?;
    let thread = state.threads().get(thread).await?;
    state.close().await?;
    Ok(thread.and_then(|thread| thread.agent_goal))
}

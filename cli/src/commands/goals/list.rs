//! `goals list|get`: goals as they are.

use std::collections::HashMap;

use async_trait::async_trait;
use threadkeep_app::Fault;
use threadkeep_app::dirs::Dirs;
use threadkeep_app::opening::{self, Index};
use threadkeep_app::refresh::refresh;
use threadkeep_app::settings::Feature;
use threadkeep_state::{StateError, Thread};
use threadkeep_state_goals::ListGoals;
use uuid::Uuid;

use super::answer::Goals;
use super::text::of_typed;
use crate::args::Status;
use crate::command::{Answered, Context, Run};
use crate::commands::resolve::resolve;
use crate::output::Screen;

/// Default number of goals in a list.
const LISTED: u32 = 100;

/// `goals list`.
pub(super) struct List<'a> {
    pub(super) status: &'a [Status],
    pub(super) limit: Option<u32>,
}

/// `goals get`.
pub(super) struct Get<'a> {
    pub(super) id: &'a str,
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
        let ids: Vec<Uuid> = goals.iter().map(|goal| goal.thread_id).collect();
        let indexed = indexed(dirs, &ids).await.unwrap_or_default();
        // An agent's words for a status are not ours.
        let agents = if self.status.is_empty() { of_agents(dirs, limit).await } else { Ok(Vec::new()) };
        let agents = agents.unwrap_or_default();
        Ok(Box::new(Goals::List { goals, agents, indexed, more, filtered: !self.status.is_empty() }))
    }
}

#[async_trait(?Send)]
impl Run for Get<'_> {
    fn feature(&self) -> Option<Feature> {
        Some(Feature::Goals)
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let thread = resolve(dirs, self.id, screen).await?;
        let goal = opening::goals(dirs).await?.get(thread).await?;
        let agent_goal = indexed(dirs, &[thread]).await.unwrap_or_default().remove(&thread);
        let agent_goal = agent_goal.and_then(|thread| thread.agent_goal);
        Ok(Box::new(Goals::One { thread, goal, agent_goal }))
    }
}

/// Brings the index of an agent home up to date, where it can be written.
async fn refresh_index(dirs: &Dirs, screen: &Screen) -> Result<(), Fault> {
    let home = dirs.agent_home()?;
    let index = Index::for_writing(dirs).await?;
    refresh(&index, &home, screen).await?;
    index.close().await
}

/// Returns the threads whose agents have goals; fails if the index cannot be read as it is.
async fn of_agents(dirs: &Dirs, limit: u32) -> Result<Vec<Thread>, StateError> {
    let state = opening::stores_as_they_are(dirs).open_index().await?;
    let threads = state.threads().with_agent_goals(limit).await?;
    state.close().await?;
    Ok(threads)
}

/// Returns the threads that are in the index; fails if it cannot be read as it is.
async fn indexed(dirs: &Dirs, ids: &[Uuid]) -> Result<HashMap<Uuid, Thread>, StateError> {
    let state = opening::stores_as_they_are(dirs).open_index().await?;
    let threads = state.threads().get_many(ids).await?;
    state.close().await?;
    Ok(threads.into_iter().map(|thread| (thread.id, thread)).collect())
}

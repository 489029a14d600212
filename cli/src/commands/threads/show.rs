//! `threads show`: everything about threads.

use async_trait::async_trait;
use threadkeep_app::agents::are_several;
use threadkeep_app::opening::{Access, Index};
use threadkeep_app::outcome::outcome_now;
use threadkeep_app::{Fault, Message, Observer as _, history};
use threadkeep_history::ThreadFigures;
use threadkeep_state::{Agent, GraphError, Lifecycle, Thread, TreeQuery};
use uuid::Uuid;

use super::portrait::{Agents, Portrait, Related};
use super::resume::Resume;
use crate::command::{Answered, Context, Run};
use crate::commands::goals::of_threads;
use crate::commands::problems::remembered;
use crate::commands::resolve::Lookup;
use crate::commands::several::{Several, closed, each};
use crate::output::ids::Ids;

/// The command.
pub(super) struct Show<'a> {
    pub(super) ids: &'a [String],
    pub(super) no_refresh: bool,
}

#[async_trait(?Send)]
impl Run for Show<'_> {
    fn parts(&self) -> Vec<Box<dyn Run + '_>> {
        let part = |ids| -> Box<dyn Run + '_> { Box::new(Show { ids, no_refresh: self.no_refresh }) };
        self.ids.chunks(1).map(part).collect()
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let Context { dirs, screen, .. } = context;
        let home = dirs.agent_home()?;
        let index = if self.no_refresh {
            Index::existing(dirs, *screen).await?
        } else {
            Index::for_reading(dirs, *screen).await?
        };
        let refreshes = !self.no_refresh || index.access == Access::Temporary;
        let lookup = Lookup { refreshes, ..Lookup::new(&index, &home, screen) };
        let portraits = each(&lookup, self.ids, async |typed| {
            let (mut thread, incomplete) = lookup.find_current(typed).await?;
            thread.run_outcome = outcome_now(&home, &thread);
            let goal = of_threads(context, &[thread.id]).await.remove(&thread.id);
            let history = figures(context, &index, thread.id).await;
            let mut files = index.state.threads().files_of(thread.id).await?;
            let mut problems = remembered(&index.state).await?;
            problems.retain(|problem| files.contains(&problem.path));
            files.retain(|path| *path != thread.rollout_path);
            let agents = agents(&index, &thread).await?;
            Ok(Portrait {
                rollout: std::path::absolute(home.absolute(&thread.rollout_path)).unwrap_or_default(),
                resume: Resume::of(&thread, dirs)?,
                are_several_agents: are_several(dirs),
                ids: Ids::of(index.state.threads(), &agents.ids()).await?,
                agents,
                parent: related(&index, thread.parent_thread_id).await?,
                forked_from: related(&index, thread.forked_from_id).await?,
                files,
                problems,
                goal,
                history,
                thread,
                incomplete,
            })
        });
        let portraits = portraits.await;
        closed(index, portraits.and_then(Several::answer)).await
    }
}

/// Returns what the history has of a thread. If it cannot be read, a note says so.
async fn figures(context: &Context<'_>, index: &Index, thread: Uuid) -> Option<ThreadFigures> {
    let figures = history::figures(index, &context.dirs, thread).await;
    figures.unwrap_or_else(|fault| {
        context.screen.note(&Message::from("turns are not shown: ").append(fault.sentence()));
        None
    })
}

/// Returns a thread that another names, with its title if it is indexed.
async fn related(index: &Index, id: Option<Uuid>) -> Result<Option<Related>, Fault> {
    let Some(id) = id else { return Ok(None) };
    Ok(Some(Related { id, thread: index.state.threads().get(id).await? }))
}

/// Returns a thread's place in the agent graph, its sub-agents and its forks.
async fn agents(index: &Index, thread: &Thread) -> Result<Agents, Fault> {
    let graph = index.state.graph();
    let query = TreeQuery { root: Some(thread.id), max_depth: 1, ..TreeQuery::default() };
    let mut tree = match graph.tree(query).await {
        Ok(tree) => tree.into_iter(),
        Err(GraphError::NotFound { .. }) => return Ok(Agents::default()),
        Err(error) => return Err(error.into()),
    };
    let agent = tree.next();
    let (forks, spawned): (Vec<Agent>, Vec<Agent>) = tree.partition(Agent::is_fork);
    // A thread that is alone and open has no part in the graph.
    let has_part = |agent: &Agent| {
        !spawned.is_empty() || agent.parent_thread_id.is_some() || agent.lifecycle == Lifecycle::Closed
    };
    let agent = agent.filter(has_part);
    let totals = graph.totals(&[thread.id]).await?.remove(&thread.id).unwrap_or_default();
    Ok(Agents { agent, spawned, forks, totals })
}

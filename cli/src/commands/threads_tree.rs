//! `threads tree`: who spawned whom, and what became of them.

use serde_json::{Value, json};
use threadkeep_state::{Agent, TreeQuery};
use uuid::Uuid;

use super::resolve::look_up_id;
use super::tree_drawing;
use crate::args::TreeArgs;
use crate::homes::Homes;
use crate::index::{Access, Index};
use crate::output::{Answer, Screen, json::put_time};
use crate::pass::{self, Refreshed};

/// How deep it goes unless more is asked for.
const DEPTH: u32 = 10;
/// How many threads at the top.
const ROOTS: u32 = 20;

/// A part of the agent graph.
pub(super) struct Tree {
    /// Each followed by what is below it.
    pub(super) agents: Vec<Agent>,
    /// How many steps down are shown; there may be agents one step below that.
    pub(super) depth: u32,
    /// The last of the threads at the top, when there are older ones.
    pub(super) next: Option<Uuid>,
    /// Whether it goes on where an earlier one ended.
    pub(super) is_rest: bool,
    incomplete: Option<String>,
}

pub(super) async fn tree(homes: &Homes, args: &TreeArgs, screen: &Screen) -> anyhow::Result<Tree> {
    let home = homes.agent_home()?;
    let index = Index::for_reading(homes, screen).await?;
    let refreshed = if args.no_refresh && index.access != Access::Temporary {
        Refreshed { incomplete: pass::unfinished(&index).await?, ..Refreshed::default() }
    } else {
        pass::refresh(&index, &home, screen).await?
    };
    if let Some(reason) = &refreshed.incomplete {
        screen.note(&format!("{reason}; the tree may be incomplete"));
    }
    let (depth, limit) = (args.depth.unwrap_or(DEPTH), args.limit.unwrap_or(ROOTS));
    let (root, before) = (id(&index, args.id.as_deref()).await?, id(&index, args.before.as_deref()).await?);
    // One more each way: whether there is more is worth knowing.
    let query = TreeQuery { root, roots: limit + 1, before, max_depth: depth + 1 };
    let mut agents = index.state.graph().tree(query).await?;
    index.close().await?;
    let roots: Vec<usize> = (0..agents.len()).filter(|n| agents[*n].depth == 0).collect();
    let next = roots.get(limit as usize).map(|surplus| {
        agents.truncate(*surplus);
        agents[roots[limit as usize - 1]].thread_id
    });
    Ok(Tree { agents, depth, next, is_rest: args.before.is_some(), incomplete: refreshed.incomplete })
}

async fn id(index: &Index, typed: Option<&str>) -> anyhow::Result<Option<Uuid>> {
    Ok(match typed {
        Some(typed) => Some(look_up_id(index, typed).await?),
        None => None,
    })
}

impl Answer for Tree {
    fn json(&self) -> Value {
        let shown = self.agents.iter().filter(|agent| agent.depth <= self.depth);
        let mut document = json!({
            "agents": shown.map(json_of).collect::<Vec<_>>(),
            "deeper": self.agents.iter().filter(|agent| agent.depth > self.depth).count(),
            "next_before": self.next,
        });
        if let Some(reason) = &self.incomplete {
            document["incomplete"] = reason.as_str().into();
        }
        document
    }

    fn text(&self, screen: &Screen) -> String {
        tree_drawing::draw(self, screen)
    }
}

/// An agent, with the names of the table `agents`.
pub(super) fn json_of(agent: &Agent) -> Value {
    let mut object = serde_json::Map::new();
    object.insert("thread_id".to_owned(), agent.thread_id.to_string().into());
    object.insert("parent_thread_id".to_owned(), agent.parent_thread_id.map(|id| id.to_string()).into());
    object.insert("depth".to_owned(), agent.depth.into());
    object.insert("name".to_owned(), agent.name.clone().into());
    object.insert("lifecycle".to_owned(), agent.lifecycle.as_str().into());
    object.insert("closed_by".to_owned(), agent.closed_by.map(|id| id.to_string()).into());
    object.insert("outcome".to_owned(), agent.outcome.as_str().into());
    put_time(&mut object, "updated_at", agent.last_line_at);
    object.into()
}

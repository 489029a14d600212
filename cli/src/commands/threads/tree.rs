//! `threads tree`: threads with their sub-agents and forks.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::opening::Index;
use threadkeep_app::outcome::outcome_now;
use threadkeep_app::refresh::prepare;
use threadkeep_app::{Fault, Observer, agents as other_agents};
use threadkeep_state::{Agent, RunOutcome, Thread, TreeQuery};
use uuid::Uuid;

use super::drawing::{Tokens, Tree};
use crate::args::TreeArgs;
use crate::command::{Answered, Context, Run};
use crate::commands::resolve::Lookup;
use crate::output::ids::Ids;
use crate::output::json::{at, ms};
use crate::output::{Answer, Screen};

/// Default number of steps down.
const DEPTH: u32 = 10;
/// Default number of threads at the top.
const ROOTS: u32 = 20;

/// The command.
pub(super) struct ShowTree<'a>(pub(super) &'a TreeArgs);

#[async_trait(?Send)]
impl Run for ShowTree<'_> {
    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let args = self.0;
        let home = dirs.agent_home()?;
        let index = Index::for_reading(dirs, *screen).await?;
        let refreshed = prepare(&index, &home, !args.no_refresh, *screen).await?;
        if let Some(reason) = refreshed.incomplete.clone() {
            screen.note(&reason.append("; the tree may be incomplete"));
        }
        let (max_depth, limit) = (args.depth.unwrap_or(DEPTH), args.limit.unwrap_or(ROOTS));
        let lookup = Lookup::new(&index, &home, screen);
        let root = id(&lookup, args.id.as_deref()).await?;
        let before = id(&lookup, args.before.as_deref()).await?;
        // One more in each direction, to know whether there is more.
        let query = TreeQuery { root, roots: limit + 1, before, max_depth: max_depth + 1 };
        let mut agents = index.state.graph().tree(query).await?;
        let ids: Vec<Uuid> = agents.iter().map(|agent| agent.thread_id).collect();
        // Only these have more to show than the graph has.
        let is_wanted = |agent: &&Agent| args.tokens || agent.outcome == RunOutcome::Running;
        let wanted: Vec<Uuid> = agents.iter().filter(is_wanted).map(|agent| agent.thread_id).collect();
        let threads = index.state.threads().get_many(&wanted).await?;
        let threads: HashMap<Uuid, Thread> = threads.into_iter().map(|thread| (thread.id, thread)).collect();
        for agent in &mut agents {
            if let Some(thread) = threads.get(&agent.thread_id) {
                agent.outcome = outcome_now(&home, thread);
            }
        }
        let tokens = if args.tokens {
            let own = threads.into_iter().map(|(id, thread)| (id, thread.own_tokens)).collect();
            Some(Tokens { own, below: index.state.graph().totals(&ids).await? })
        } else {
            None
        };
        let agent_of = match other_agents::are_several(dirs) {
            true => Some(index.state.threads().agents_of(&ids).await?),
            false => None,
        };
        let ids = Ids::of(index.state.threads(), &ids).await?;
        index.close().await?;
        let roots: Vec<usize> = (0..agents.len()).filter(|n| agents[*n].depth == 0).collect();
        let next = roots.get(limit as usize).map(|surplus| {
            agents.truncate(*surplus);
            agents[roots[limit as usize - 1]].thread_id
        });
        let (depth, incomplete) = (max_depth, refreshed.incomplete);
        let is_rest = args.before.is_some();
        Ok(Box::new(Tree { agents, ids, agent_of, tokens, depth, next, is_rest, incomplete }))
    }
}

async fn id(lookup: &Lookup<'_>, typed: Option<&str>) -> Result<Option<Uuid>, Fault> {
    Ok(match typed {
        Some(typed) => Some(lookup.look_up_id(typed).await?),
        None => None,
    })
}

impl Answer for Tree {
    fn json(&self) -> Value {
        let shown = self.agents.iter().filter(|agent| agent.depth <= self.depth);
        let mut document = json!({
            "agents": shown.map(|agent| self.json_of_agent(agent)).collect::<Vec<_>>(),
            "deeper": self.agents.iter().filter(|agent| agent.depth > self.depth).count(),
            "next_before": self.next,
        });
        if let Some(reason) = &self.incomplete {
            document["incomplete"] = reason.to_string().into();
        }
        document
    }

    fn text(&self, screen: &Screen) -> String {
        self.draw(screen)
    }

    fn aside(&self, _screen: &Screen) -> String {
        self.footer()
    }
}

impl Tree {
    fn json_of_agent(&self, agent: &Agent) -> Value {
        let mut document = json_of(agent);
        if let Some(tokens) = &self.tokens {
            let below = tokens.below.get(&agent.thread_id).copied().unwrap_or_default();
            document["own_tokens"] = json!(tokens.own(agent));
            document["agents"] = json!({ "count": below.agents, "own_tokens": below.own_tokens });
        }
        document
    }
}

/// Returns an agent for programs, with the names of the table `agents`.
pub(super) fn json_of(agent: &Agent) -> Value {
    json!({
        "thread_id": agent.thread_id,
        "parent_thread_id": agent.parent_thread_id,
        "depth": agent.depth,
        "name": agent.name,
        "nickname": agent.nickname,
        "role": agent.role,
        "path": agent.path,
        "forked_from_id": agent.forked_from_id,
        "is_fork": agent.is_fork(),
        "lifecycle": agent.lifecycle.as_str(),
        "closed_by": agent.closed_by,
        "outcome": agent.outcome.as_str(),
        "updated_at": at(agent.last_line_at),
        "updated_at_ms": ms(agent.last_line_at),
    })
}

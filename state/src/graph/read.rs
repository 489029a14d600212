//! Reading the agent graph: down, up, and as a tree.

use std::collections::{HashMap, HashSet};

use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use threadkeep_sqlite::{RowReader, json, uuid_text};
use uuid::Uuid;

use super::agent::{Agent, Lifecycle};
use super::statements::{ABOVE, BELOW, FAMILY, ROOTS, ROOTS_OF};
use super::{AgentGraph, GraphError};

/// Largest depth to which the graph is read, in steps.
pub const MAX_DEPTH: u32 = 1_000;

/// Selection of a thread's descendants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descendants {
    /// Only threads with this lifecycle. The path to an open thread may lead over closed ones.
    /// Default: all.
    pub lifecycle: Option<Lifecycle>,
    /// Number of steps down, at most [`MAX_DEPTH`], which is the default.
    pub max_depth: u32,
}

impl Default for Descendants {
    fn default() -> Descendants {
        Descendants { lifecycle: None, max_depth: MAX_DEPTH }
    }
}

/// Selection of a part of the graph, to be read as a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeQuery {
    /// Thread at the top. Default: every root.
    pub root: Option<Uuid>,
    /// Largest number of roots, the latest updated first. Default: 100.
    pub roots: u32,
    /// Only roots that were last updated before this one, the last of an earlier page. Default:
    /// from the latest.
    pub before: Option<Uuid>,
    /// Number of steps down, at most [`MAX_DEPTH`], which is the default.
    pub max_depth: u32,
}

impl Default for TreeQuery {
    fn default() -> TreeQuery {
        TreeQuery { root: None, roots: 100, before: None, max_depth: MAX_DEPTH }
    }
}

impl AgentGraph {
    /// Returns the threads that a thread spawned, the oldest first.
    ///
    /// # Errors
    ///
    /// [`GraphError::Database`].
    pub async fn children(&self, id: Uuid) -> Result<Vec<Agent>, GraphError> {
        self.descendants(id, Descendants { max_depth: 1, ..Descendants::default() }).await
    }

    /// Returns the threads below a thread, the nearest first.
    ///
    /// # Errors
    ///
    /// [`GraphError::Database`].
    pub async fn descendants(&self, id: Uuid, query: Descendants) -> Result<Vec<Agent>, GraphError> {
        let mut agents = self.below(&[id], query.max_depth).await?;
        agents.retain(|agent| {
            agent.depth > 0 && query.lifecycle.is_none_or(|lifecycle| agent.lifecycle == lifecycle)
        });
        agents.sort_by_key(|agent| (agent.depth, agent.began_at, agent.thread_id));
        Ok(agents)
    }

    /// Returns the threads above a thread: its parent first, the root last.
    ///
    /// # Errors
    ///
    /// [`GraphError::Database`].
    pub async fn ancestors(&self, id: Uuid) -> Result<Vec<Agent>, GraphError> {
        let mut agents = self.agents(sqlx::query(ABOVE).bind(uuid_text(id)).bind(MAX_DEPTH)).await?;
        agents.sort_by_key(|agent| agent.depth);
        Ok(agents)
    }

    /// Returns the root above each of some threads, with one statement: a thread that no other
    /// spawned is its own.
    ///
    /// # Errors
    ///
    /// [`GraphError::Database`].
    pub async fn roots_of(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Uuid>, GraphError> {
        let roots = self.db.read(async |conn| {
            let rows = sqlx::query(ROOTS_OF).bind(json(ids)).bind(MAX_DEPTH).fetch_all(conn).await?;
            let pair = |row| {
                let mut row = RowReader::new(row);
                Ok((row.uuid()?, row.uuid()?))
            };
            rows.iter().map(pair).collect::<Result<HashMap<_, _>, sqlx::Error>>()
        });
        Ok(roots.await?)
    }

    /// Returns at most `limit` roots that were last updated before the thread `before`, the latest
    /// updated first. There are none before a thread that neither the graph nor the index has.
    ///
    /// # Errors
    ///
    /// [`GraphError::Database`].
    pub async fn roots(&self, before: Option<Uuid>, limit: u32) -> Result<Vec<Uuid>, GraphError> {
        let before = before.map(uuid_text);
        let roots = self.db.read(async |conn| {
            let rows = sqlx::query(ROOTS).bind(before).bind(limit).fetch_all(conn).await?;
            rows.iter().map(|row| RowReader::new(row).uuid()).collect()
        });
        Ok(roots.await?)
    }

    /// Returns a part of the graph as it is drawn: each thread followed by its sub-agents and its
    /// forks with all below them, siblings by age.
    ///
    /// # Errors
    ///
    /// [`GraphError::NotFound`] if neither the graph nor the index has the root that was asked for,
    /// or the last root of the earlier page; [`GraphError::Database`].
    pub async fn tree(&self, query: TreeQuery) -> Result<Vec<Agent>, GraphError> {
        let roots = match query.root {
            Some(root) => vec![root],
            None => self.roots(query.before, query.roots).await?,
        };
        if let Some(before) = query.before.filter(|_| roots.is_empty())
            && self.family(&[before], 0).await?.is_empty()
        {
            return Err(GraphError::NotFound(before));
        }
        let mut children: HashMap<Uuid, Vec<Agent>> = HashMap::new();
        let mut tops: HashMap<Uuid, Agent> = HashMap::new();
        let mut family = self.family(&roots, query.max_depth).await?;
        // Damaged rollouts may name each other as their sources.
        family.sort_by_key(|agent| agent.depth);
        let mut seen = HashSet::new();
        family.retain(|agent| seen.insert(agent.thread_id));
        for agent in family {
            match agent.parent_thread_id.or(agent.forked_from_id).filter(|_| agent.depth > 0) {
                Some(above) => children.entry(above).or_default().push(agent),
                None => drop(tops.insert(agent.thread_id, agent)),
            }
        }
        if let Some(id) = query.root.filter(|id| !tops.contains_key(id)) {
            return Err(GraphError::NotFound(id));
        }
        // The youngest is pushed first, and so comes last.
        let age = |agent: &Agent| std::cmp::Reverse((agent.began_at, agent.thread_id));
        children.values_mut().for_each(|siblings| siblings.sort_by_key(age));
        let mut tree = Vec::new();
        let mut ahead: Vec<Agent> = roots.iter().rev().filter_map(|root| tops.remove(root)).collect();
        while let Some(agent) = ahead.pop() {
            ahead.extend(children.remove(&agent.thread_id).unwrap_or_default());
            tree.push(agent);
        }
        Ok(tree)
    }

    async fn below(&self, ids: &[Uuid], max_depth: u32) -> Result<Vec<Agent>, GraphError> {
        self.agents(sqlx::query(BELOW).bind(json(ids)).bind(max_depth.min(MAX_DEPTH))).await
    }

    async fn family(&self, ids: &[Uuid], max_depth: u32) -> Result<Vec<Agent>, GraphError> {
        self.agents(sqlx::query(FAMILY).bind(json(ids)).bind(max_depth.min(MAX_DEPTH))).await
    }

    async fn agents(&self, query: Query<'_, Sqlite, SqliteArguments>) -> Result<Vec<Agent>, GraphError> {
        let agents = self.db.read(async |conn| {
            let rows = query.fetch_all(conn).await?;
            rows.iter().map(Agent::from_row).collect()
        });
        Ok(agents.await?)
    }
}

//! The agent graph: which thread spawned which, and which of them are open.
//!
//! Two things are kept apart. A user or an agent decides the *lifecycle* (open, closed). The
//! rollout has the *outcome* of a run (running, completed, failed, …). An agent whose run is
//! completed stays open until it is closed.

mod agent;
mod close;
mod edge;
mod error;
mod read;
mod rollouts;
mod statements;
mod totals;

use threadkeep_sqlite::Database;

pub use agent::{Agent, Lifecycle};
pub use error::GraphError;
pub use read::{Descendants, MAX_DEPTH, TreeQuery};
pub(crate) use rollouts::{Spawned, add_spawned};
#[cfg(feature = "backfill")]
pub(crate) use rollouts::{close_agents, link_children_of};
pub(crate) use statements::statements;
pub use totals::AgentTotals;

/// The agent graph: spawn edges from parents to children. Cheap to clone; all clones share one
/// database.
///
/// A thread has at most one parent, and no thread is its own ancestor: other edges are refused. A
/// thread of the graph need not be in the index, because an agent reports a child before any
/// process reads the child's rollout.
#[derive(Clone, Debug)]
pub struct AgentGraph {
    db: Database,
}

impl AgentGraph {
    pub(crate) fn new(db: Database) -> AgentGraph {
        AgentGraph { db }
    }
}

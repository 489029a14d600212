//! A thread of the agent graph, as it is read.

use std::fmt;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use threadkeep_rollout::RunOutcome;
use threadkeep_sqlite::RowReader;
use uuid::Uuid;

use crate::row::run_outcome;

/// Lifecycle of an agent, which its user or its parent decides. The outcome of its run is another
/// matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lifecycle {
    /// The agent may be used.
    Open,
    /// The agent was closed, alone or with an ancestor.
    Closed,
}

impl Lifecycle {
    /// Returns the word in the database and in JSON: `open` or `closed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Lifecycle::Open => "open",
            Lifecycle::Closed => "closed",
        }
    }
}

impl fmt::Display for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thread of the agent graph: a row of `agents`, with what the index knows of the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Agent {
    /// The thread's id.
    pub thread_id: Uuid,
    /// Id of the thread that spawned it. `None` for a root.
    pub parent_thread_id: Option<Uuid>,
    /// Number of steps below the thread that was asked for. For ancestors, above it.
    pub depth: u32,
    /// Lifecycle: open or closed.
    pub lifecycle: Lifecycle,
    /// Id of the thread at which its closing began.
    pub closed_by: Option<Uuid>,
    /// Outcome of its last turn. [`RunOutcome::Unknown`] also if the thread is not indexed.
    pub outcome: RunOutcome,
    /// Its name, or else its title.
    pub name: Option<String>,
    /// Time of its rollout's last line. `None` if the thread is not indexed.
    pub last_line_at: Option<Timestamp>,
    /// Start of the thread. If it is not indexed, the time at which the graph took it in.
    pub began_at: Option<Timestamp>,
    /// A sub-agent's nickname.
    pub nickname: Option<String>,
    /// A sub-agent's role.
    pub role: Option<String>,
    /// A sub-agent's path.
    pub path: Option<String>,
    /// Id of the thread whose history this one continues. It may be a deleted thread.
    pub forked_from_id: Option<Uuid>,
}

impl Agent {
    /// Returns true for a fork that no thread spawned. It hangs below its source.
    pub fn is_fork(&self) -> bool {
        self.parent_thread_id.is_none() && self.forked_from_id.is_some()
    }

    /// Reads a row of the columns that [`statements`](super::statements) calls `agent!`.
    pub(super) fn from_row(row: &SqliteRow) -> Result<Agent, sqlx::Error> {
        let mut row = RowReader::new(row);
        let (thread_id, parent_thread_id, depth) = (row.uuid()?, row.optional_uuid()?, row.column()?);
        let closed_by = row.optional_uuid()?;
        Ok(Agent {
            thread_id,
            parent_thread_id,
            depth,
            lifecycle: if closed_by.is_none() { Lifecycle::Open } else { Lifecycle::Closed },
            closed_by,
            outcome: run_outcome(row.column()?),
            name: row.column()?,
            last_line_at: row.optional_time()?,
            nickname: row.column()?,
            role: row.column()?,
            path: row.column()?,
            forked_from_id: row.optional_uuid()?,
            began_at: row.optional_time()?,
        })
    }
}

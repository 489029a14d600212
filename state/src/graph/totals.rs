//! Sub-agents of threads, in figures.

use std::collections::HashMap;

use threadkeep_sqlite::{RowReader, json};
use uuid::Uuid;

use super::read::MAX_DEPTH;
use super::statements::TOTALS;
use super::{AgentGraph, GraphError};

/// Figures about the threads below a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentTotals {
    /// Number of sub-agents.
    pub agents: u64,
    /// Sum of the own tokens of all threads below it, with reviews. `None` if none are known.
    pub own_tokens: Option<i64>,
}

impl AgentGraph {
    /// Returns figures about the threads below each of some threads, with one statement. Threads
    /// without any are left out.
    ///
    /// # Errors
    ///
    /// [`GraphError::Database`].
    pub async fn totals(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, AgentTotals>, GraphError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let totals = self.db.read(async |conn| {
            let rows = sqlx::query(TOTALS).bind(json(ids)).bind(MAX_DEPTH).fetch_all(conn).await?;
            let total = |row| {
                let mut row = RowReader::new(row);
                let id = row.uuid()?;
                let agents = row.column::<i64>()?.unsigned_abs();
                Ok((id, AgentTotals { agents, own_tokens: row.column()? }))
            };
            rows.iter().map(total).collect()
        });
        Ok(totals.await?)
    }
}

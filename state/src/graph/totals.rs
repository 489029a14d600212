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
    /// Number of indexed threads.
    pub threads: u64,
    /// Sum of their own tokens, as far as they are known.
    pub own_tokens: i64,
}

impl AgentGraph {
    /// Returns figures about the threads below each of some threads, with one statement. Threads
    /// without sub-agents are left out.
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
                let threads = row.column::<i64>()?.unsigned_abs();
                Ok((id, AgentTotals { threads, own_tokens: row.column()? }))
            };
            rows.iter().map(total).collect()
        });
        Ok(totals.await?)
    }
}

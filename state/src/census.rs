//! Origins of the listed threads, and agents whose run has ended while they are open.

use threadkeep_sqlite::RowReader;

use crate::error::StateError;
use crate::runtime::StateRuntime;

/// Numbers of threads by origin, the largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Census {
    /// By source, such as `cli` or `exec`; `unknown` where the rollout does not say.
    pub sources: Vec<(String, u64)>,
    /// By model provider.
    pub providers: Vec<(String, u64)>,
    /// Agents that are open although their last run has ended.
    pub ended_agents: u64,
}

/// Threads in one of the two lists, by source and provider.
const ORIGINS: &str = "SELECT coalesce(source_kind, 'unknown'), model_provider, count(*) FROM threads \
     WHERE listing < 2 GROUP BY 1, 2";

const ENDED_AGENTS: &str = "SELECT count(*) FROM agents JOIN threads ON threads.id = agents.thread_id \
     WHERE agents.parent_thread_id IS NOT NULL AND agents.closed_by IS NULL \
       AND run_outcome IN ('completed', 'failed', 'interrupted')";

impl StateRuntime {
    /// Counts the listed threads by origin. Reads an index whole.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn census(&self) -> Result<Census, StateError> {
        let read = self.database().read(async |conn| {
            let mut census = Census::default();
            for row in sqlx::query(ORIGINS).fetch_all(&mut *conn).await? {
                let mut row = RowReader::new(&row);
                let (source, provider): (String, String) = (row.column()?, row.column()?);
                let number = row.column::<i64>()?.unsigned_abs();
                add(&mut census.sources, source, number);
                add(&mut census.providers, provider, number);
            }
            census.ended_agents =
                sqlx::query_scalar::<_, i64>(ENDED_AGENTS).fetch_one(conn).await?.unsigned_abs();
            Ok(census)
        });
        let mut census = read.await?;
        for counts in [&mut census.sources, &mut census.providers] {
            counts.sort_by(|(one, more), (other, fewer)| fewer.cmp(more).then_with(|| one.cmp(other)));
        }
        Ok(census)
    }
}

fn add(counts: &mut Vec<(String, u64)>, name: String, number: u64) {
    match counts.iter_mut().find(|(found, _)| *found == name) {
        Some((_, count)) => *count += number,
        None => counts.push((name, number)),
    }
}

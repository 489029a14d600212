//! Figures of a thread.

use threadkeep_rollout::TokenUsage;
use uuid::Uuid;

use crate::chain::ThreadTurns;
use crate::error::HistoryError;
use crate::store::HistoryStore;
use crate::usage::{UsageQuery, UsageRow};

/// History of one thread in figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadFigures {
    /// Paths in the home of the files that the thread consists of, the oldest first. The first ones
    /// may be those of the thread that it was forked from.
    pub files: Vec<String>,
    /// The thread's own turns.
    pub turns: u64,
    /// Turns of the history that it was forked from.
    pub inherited_turns: u64,
    /// Tokens that it used itself.
    pub tokens: TokenUsage,
    /// Number of its requests.
    pub requests: u64,
    /// Tokens of its requests outside the conversation, a row for each purpose.
    pub others: Vec<UsageRow>,
}

impl HistoryStore {
    /// Returns figures of a thread; `None` if none of its files was indexed.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Open`], [`HistoryError::Database`].
    pub async fn figures(&self, thread: Uuid) -> Result<Option<ThreadFigures>, HistoryError> {
        let Some(db) = self.database.existing().await? else { return Ok(None) };
        let turns = db.read(async |conn| ThreadTurns::load(conn, thread).await).await?;
        if turns.parts.is_empty() {
            return Ok(None);
        }
        let usage = self.usage(&UsageQuery { thread: Some(thread), ..UsageQuery::default() }).await?;
        let (usage, others): (Vec<_>, _) = usage.into_iter().partition(|row| row.purpose.is_conversation());
        let inherited_turns = turns.turns.iter().filter(|turn| turn.is_inherited).count() as u64;
        Ok(Some(ThreadFigures {
            files: turns.parts.iter().map(|part| part.path.clone()).collect(),
            turns: turns.turns.len() as u64 - inherited_turns,
            inherited_turns,
            tokens: usage.iter().map(|row| row.tokens).sum(),
            requests: usage.iter().map(|row| row.requests).sum(),
            others,
        }))
    }
}

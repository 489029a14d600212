//! Figures: how much of a home is indexed, and what the history has of a thread.

use jiff::Timestamp;
use threadkeep_backfill::BackfillStatus;
use threadkeep_rollout::TokenUsage;
use threadkeep_sqlite::RowReader;
use uuid::Uuid;

use crate::chain::ThreadTurns;
use crate::error::HistoryError;
use crate::ports::{RUNS, state_of};
use crate::store::HistoryStore;
use crate::usage::UsageQuery;

/// Part of a home that is indexed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Indexed {
    /// Files that were read, with and without success.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
    /// Files that could not be read.
    pub failed: u64,
    /// Status of the last pass.
    pub status: BackfillStatus,
    /// Time at which a pass last went through. `None`: files may be missing.
    pub last_success_at: Option<Timestamp>,
}

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
}

impl HistoryStore {
    /// Returns the part of the home that is indexed. Without a database nothing is.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Open`], [`HistoryError::Database`].
    pub async fn indexed(&self) -> Result<Indexed, HistoryError> {
        let Some(db) = self.database.existing().await? else { return Ok(Indexed::default()) };
        let indexed = db.read(async |conn| {
            let files = sqlx::query(
                "SELECT count(*), coalesce(sum(bytes), 0), count(*) FILTER (WHERE outcome = 'failed') \
                 FROM history_files",
            );
            let row = files.fetch_one(&mut *conn).await?;
            let state = state_of(RUNS.state(conn).await?);
            let mut row = RowReader::new(&row);
            let mut figure = || row.column::<i64>().map(i64::unsigned_abs);
            Ok(Indexed {
                files: figure()?,
                bytes: figure()?,
                failed: figure()?,
                status: state.status,
                last_success_at: state.last_success_at,
            })
        });
        Ok(indexed.await?)
    }

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
        let inherited_turns = turns.turns.iter().filter(|turn| turn.is_inherited).count() as u64;
        Ok(Some(ThreadFigures {
            files: turns.parts.iter().map(|part| part.path.clone()).collect(),
            turns: turns.turns.len() as u64 - inherited_turns,
            inherited_turns,
            tokens: usage.iter().map(|row| row.tokens).sum(),
            requests: usage.iter().map(|row| row.requests).sum(),
        }))
    }
}

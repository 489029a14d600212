//! The ports of `threadkeep-backfill`, over an agent home and the history.
//!
//! The unit is a rollout file: a change of one touches the rows of no other.

mod assign;
mod commit;
mod content;
mod index;
mod inventory;
mod passages;
mod progress;
mod rows;
mod source;

use std::sync::Arc;

use threadkeep_backfill::Backfill;
use threadkeep_rollout::AgentHome;
use threadkeep_sqlite::{Database, lease_owner};

pub use content::{FileContent, HistoryIndex};
pub use index::Previous;
pub use inventory::Indexed;
pub use progress::HistoryProgress;
use progress::RUNS;
pub(crate) use source::fingerprint_of;
pub use source::{HistoryItem, HistorySource};

use crate::problem::HistoryProblem;

/// The report of a pass over an agent home.
pub type HistoryReport = threadkeep_backfill::Report<HistoryProblem>;

/// The engine that brings the history up to date.
pub type HistoryEngine = Backfill<HistorySource, HistoryIndex, HistoryProgress>;

/// Bytes of files that are read for one commit: their words are in memory until then.
const BATCH_BYTES: u64 = 8 * 1024 * 1024;

/// The three ports over one home and one store.
#[derive(Debug)]
#[non_exhaustive]
pub struct HistoryPorts {
    /// Finds the rollouts.
    pub source: HistorySource,
    /// Reads and stores them.
    pub index: HistoryIndex,
    /// Knows what was done before.
    pub progress: HistoryProgress,
}

impl HistoryPorts {
    pub(crate) fn new(db: Database, home: &AgentHome) -> Self {
        Self {
            source: HistorySource::new(home.clone()),
            progress: HistoryProgress::new(db.clone()),
            index: HistoryIndex { db, home: home.clone() },
        }
    }

    /// Makes an engine that reads the newest threads first. [`Backfill::with`] changes its options.
    #[must_use]
    pub fn engine(self) -> HistoryEngine {
        let Self { source, index, progress } = self;
        Backfill::new(Arc::new(source), Arc::new(index), Arc::new(progress)).with(|it| {
            it.owner = lease_owner();
            it.batch_bytes = BATCH_BYTES;
            // Keys end with the time at which the file was begun.
            it.descending = true;
        })
    }
}

/// Returns the statements that are put together at run time, by name.
pub(crate) fn statements() -> Vec<(String, String)> {
    let mut all = vec![
        ("ports::progress::outcomes".to_owned(), progress::OUTCOMES.to_owned()),
        ("ports::commit::failures".to_owned(), commit::failures_sql(1)),
        ("ports::passages::words".to_owned(), passages::words_sql(1)),
        ("ports::passages::blocks".to_owned(), passages::blocks_sql(1)),
    ];
    all.extend(rows::store_sqls());
    all.extend(RUNS.statements());
    all
}

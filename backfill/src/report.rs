//! What a run tells at its end, and on its way.

use std::time::Duration;

use jiff::Timestamp;

/// What a run did. After a complete pass, `scanned` is the sum of the counts from `indexed` to `known_failures`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How it ended.
    pub outcome: RunOutcome,
    /// Items listed.
    pub scanned: u64,
    /// Items read and stored: new, changed, or with a lost row.
    pub indexed: u64,
    /// Items that were as they had been, and not read.
    pub unchanged: u64,
    /// Items that are copies of others, whether found now or earlier.
    pub duplicates: u64,
    /// Items left out on purpose, whether found now or earlier.
    pub excluded: u64,
    /// Items that could not be read in this run.
    pub failed: u64,
    /// Items that could not be read earlier, have not changed since, and so were not read again.
    pub known_failures: u64,
    /// Items that an interrupted run did not come to.
    pub pending: u64,
    /// Items that were stored and are no longer there.
    pub vanished: u64,
    /// Rows that are gone with them. Fewer than `vanished`, where items moved or were copies.
    pub rows_gone: u64,
    /// Parts of items (lines) that were skipped.
    pub lines_skipped: u64,
    /// Bytes of the items that were read or tried.
    pub bytes: u64,
    /// The first problems, in the order they were met; `problems_total` counts them all.
    pub problems: Vec<Problem>,
    /// How many problems there were.
    pub problems_total: u64,
    /// How long it took, by the engine's clock.
    pub elapsed: Duration,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunOutcome {
    /// The pass went through.
    Complete,
    /// It was asked to stop; another run goes on from there.
    Interrupted,
    /// It never began: a living owner has the lease.
    Held {
        /// Who.
        owner: String,
        /// Until when, unless it is renewed.
        expires_at: Timestamp,
    },
}

/// Something that a person may want to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The item's key, or the place that could not be listed.
    pub key: String,
    /// What sort of problem.
    pub kind: ProblemKind,
    /// What is wrong, for people. For a duplicate: what it is a copy of.
    pub reason: String,
}

/// What sort of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A place could not be listed, or lists one key twice.
    Listing,
    /// An item cannot be read.
    Failed,
    /// An item is a copy of another.
    Duplicate,
    /// An item was indexed, with a remark.
    Remark,
}

/// How far a run is. Phases never go back, and within one neither do the counts; totals may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgressUpdate {
    /// What is being done.
    pub phase: Phase,
    /// Items done in this phase.
    pub done_items: u64,
    /// Items to do in this phase.
    pub total_items: u64,
    /// Bytes done in this phase.
    pub done_bytes: u64,
    /// Bytes to do in this phase.
    pub total_bytes: u64,
}

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Waiting for another owner's lease.
    Waiting,
    /// Listing what there is.
    Listing,
    /// Comparing it with what is stored.
    Comparing,
    /// Reading and storing what differs.
    Indexing,
    /// Giving the lease back.
    Finishing,
}

impl ProgressUpdate {
    /// The first update of a phase of which nothing is known yet.
    pub(crate) fn start_of(phase: Phase) -> Self {
        Self { phase, done_items: 0, total_items: 0, done_bytes: 0, total_bytes: 0 }
    }
}

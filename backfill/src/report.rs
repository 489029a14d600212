//! The report of a run, and its progress updates.

use std::time::Duration;

use jiff::Timestamp;

use crate::Problem;

/// The result of a run. After a complete pass, `scanned` is the sum of the counts from `indexed` to
/// `known_failures`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report<P> {
    /// The way it ended.
    pub ending: Ending,
    /// Items listed.
    pub scanned: u64,
    /// Items read and stored: new, changed, or with a lost row.
    pub indexed: u64,
    /// Items that had not changed and were not read.
    pub unchanged: u64,
    /// Items that are copies of others, found now or earlier.
    pub duplicates: u64,
    /// Items left out on purpose, now or earlier.
    pub excluded: u64,
    /// Items that could not be read in this run.
    pub failed: u64,
    /// Items that could not be read earlier, have not changed since, and were not read again.
    pub known_failures: u64,
    /// Items that an interrupted run did not reach.
    pub pending: u64,
    /// Items with a stored outcome that are gone from the source.
    pub vanished: u64,
    /// Rows that went with them. Fewer than `vanished`, where items moved or were copies.
    pub rows_gone: u64,
    /// Parts of items (lines) that were skipped.
    pub lines_skipped: u64,
    /// Bytes of the items that were read or tried.
    pub bytes: u64,
    /// The first 100 problems, in the order the run met them. `problems_total` counts them all.
    pub problems: Vec<Problem<P>>,
    /// Number of problems.
    pub problems_total: u64,
    /// Duration by the engine's clock.
    pub elapsed: Duration,
}

/// The work that a pass would have to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preview<P> {
    /// Keys of items that are not stored yet, in order.
    pub new: Vec<String>,
    /// Keys of items that must be read again: changed, or with a lost row.
    pub changed: Vec<String>,
    /// Keys of stored items that are gone from the source.
    pub vanished: Vec<String>,
    /// Numbers and problems of the listing. New and changed items are `pending`.
    pub report: Report<P>,
}

/// The way a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// The pass went through.
    Complete,
    /// The run was stopped. Another run continues from there.
    Interrupted,
    /// The run never began: a living owner has the lease.
    Held {
        /// The owner.
        owner: String,
        /// Expiry of its lease, unless it is renewed.
        expires_at: Timestamp,
    },
}

/// Progress of a run. Phases never go back, and within one neither do the counts. Totals may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgressUpdate {
    /// The present phase.
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

/// A phase of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Waiting for another owner's lease.
    Waiting,
    /// Listing the source.
    Listing,
    /// Comparing the listing with the stored outcomes.
    Comparing,
    /// Reading and storing the differences.
    Indexing,
    /// Giving the lease back.
    Finishing,
}

impl ProgressUpdate {
    /// Makes the first update of a phase with unknown totals.
    pub(crate) fn start_of(phase: Phase) -> Self {
        Self { phase, done_items: 0, total_items: 0, done_bytes: 0, total_bytes: 0 }
    }
}

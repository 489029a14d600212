//! The batch that one commit writes, and the commit's report.

use crate::{Item, Problem, Term};

/// Everything one transaction writes: rows, outcomes, watermark and the lease's renewal, all or
/// nothing.
#[derive(Debug)]
pub struct Batch<'a, H, E, P> {
    /// Items that were read or could not be, in key order. The commit stores an outcome for each,
    /// and keeps the row that an unreadable item had.
    pub extractions: Vec<Extraction<'a, H, E, P>>,
    /// Keys that are gone from the source, in order. The commit removes their rows and outcomes.
    pub vanished: &'a [String],
    /// Key up to which every listed item is done. It never decreases within a pass. In a descending
    /// pass, every item from it on is done, and it never increases.
    pub watermark: Option<&'a str>,
    /// New term of the lease.
    pub term: Term,
}

/// An item, and the result of reading it.
#[derive(Debug)]
pub struct Extraction<'a, H, E, P> {
    /// The item as it was listed.
    ///
    /// Its fingerprint is the one to store, even if the item has changed since: the next pass then
    /// reads it again.
    pub item: &'a Item<H>,
    /// The result, or the item's problem.
    pub result: Result<E, P>,
}

/// Findings of a commit. Every extracted item that is not named here was indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitReport<P> {
    /// Copies of other items, and remarks on items that were indexed all the same. A copy may lie
    /// outside the batch (an earlier winner that lost).
    pub problems: Vec<Problem<P>>,
    /// Keys of items that were left out on purpose (the user deleted their content).
    pub excluded: Vec<String>,
    /// Parts of items that were skipped (bad lines).
    pub lines_skipped: u64,
    /// Rows that went with vanished items and that no other item has or inherits through `requeue`.
    ///
    /// An item that moved leaves none behind.
    pub rows_gone: u64,
    /// Keys to read again in this pass, because this batch changed their outcome (copies whose
    /// winner is gone).
    pub requeue: Vec<String>,
}

impl<P> Default for CommitReport<P> {
    fn default() -> Self {
        Self {
            problems: Vec::new(),
            excluded: Vec::new(),
            lines_skipped: 0,
            rows_gone: 0,
            requeue: Vec::new(),
        }
    }
}

//! The batch that one commit writes, and the commit's report.

use crate::{Item, Remark, Term};

/// Everything one transaction writes: rows, outcomes, watermark and the lease's renewal, all or
/// nothing.
#[derive(Debug)]
pub struct Batch<'a, H, E, P> {
    /// Items that were read, in key order.
    pub extracted: Vec<ExtractedItem<'a, H, E>>,
    /// Items that could not be read, in key order. The commit stores their outcome and keeps a row
    /// that they had.
    pub failed: Vec<FailedItem<'a, H, P>>,
    /// Keys that are gone from the source, in order. The commit removes their rows and outcomes.
    pub vanished: &'a [String],
    /// Key up to which every listed item is done. It never decreases within a pass.
    pub watermark: Option<&'a str>,
    /// New term of the lease.
    pub term: Term,
}

/// An item that was read.
#[derive(Debug)]
pub struct ExtractedItem<'a, H, E> {
    /// The item as it was listed.
    ///
    /// Its fingerprint is the one to store, even if the item has changed since: the next pass then
    /// reads it again.
    pub item: &'a Item<H>,
    /// The result of reading it.
    pub value: E,
}

/// An item that could not be read.
#[derive(Debug)]
pub struct FailedItem<'a, H, P> {
    /// The item as it was listed.
    pub item: &'a Item<H>,
    /// The item's problem.
    pub problem: P,
}

/// Findings of a commit. Every extracted item that is not named here was indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitReport<P> {
    /// Items that are copies of another one. They may lie outside the batch (an earlier winner that
    /// lost).
    pub duplicates: Vec<Duplicate>,
    /// Keys of items that were left out on purpose (the user deleted their content).
    pub excluded: Vec<String>,
    /// Remarks on items that were indexed all the same.
    pub remarks: Vec<Remark<P>>,
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
            duplicates: Vec::new(),
            excluded: Vec::new(),
            remarks: Vec::new(),
            lines_skipped: 0,
            rows_gone: 0,
            requeue: Vec::new(),
        }
    }
}

/// A copy, and the item that has the row instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The copy's key.
    pub key: String,
    /// The key of the item that has the row.
    pub of: String,
}

//! What one commit writes, and what it reports back.

use crate::{Index, Item, ItemFailure, Term};

/// Everything one transaction writes: rows, outcomes, watermark and the lease's renewal, all or nothing.
#[derive(Debug)]
pub struct Batch<'a, H, E> {
    /// Items that were read, in key order.
    pub extracted: Vec<ExtractedItem<'a, H, E>>,
    /// Items that could not be read, in key order. Their outcome is stored; a row they had stays.
    pub failed: Vec<FailedItem<'a, H>>,
    /// Keys that are no longer there, in order: their rows and outcomes go.
    pub vanished: &'a [String],
    /// Every listed key up to this one has been seen to; never lower than the one before in the same pass.
    pub watermark: Option<&'a str>,
    /// Renews the lease.
    pub term: Term,
}

/// The batch of an index.
pub type BatchOf<'a, I> = Batch<'a, <I as Index>::Handle, <I as Index>::Extracted>;

/// An item that was read.
#[derive(Debug)]
pub struct ExtractedItem<'a, H, E> {
    /// The item as it was listed. Its fingerprint is the one to store, even if the item has changed since: then the next
    /// pass sees another one and reads again.
    pub item: &'a Item<H>,
    /// What was read.
    pub value: E,
}

/// An item that could not be read.
#[derive(Debug)]
pub struct FailedItem<'a, H> {
    /// The item as it was listed.
    pub item: &'a Item<H>,
    /// Why.
    pub failure: ItemFailure,
}

/// What a commit found out. Everything extracted that is not named here was indexed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommitReport {
    /// Items that turned out to be copies of another one. They may lie outside the batch (an earlier winner that lost).
    pub duplicates: Vec<Duplicate>,
    /// Keys of items that were left out on purpose (the user deleted what they hold).
    pub excluded: Vec<String>,
    /// Remarks on items that were indexed all the same.
    pub remarks: Vec<Remark>,
    /// Parts of items that could not be used and were skipped (bad lines).
    pub lines_skipped: u64,
    /// Rows that are gone with what vanished: those that no other item has, or inherits through `requeue`. An item that
    /// moved leaves none behind.
    pub rows_gone: u64,
    /// Keys to be read again in this pass, because what this batch did has changed their lot (a duplicate whose winner is gone).
    pub requeue: Vec<String>,
}

/// A copy, and what it is a copy of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The copy's key.
    pub key: String,
    /// The key of the item that has the row instead.
    pub of: String,
}

/// Something worth reporting about an item that was indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The item's key.
    pub key: String,
    /// The remark, for people.
    pub reason: String,
}

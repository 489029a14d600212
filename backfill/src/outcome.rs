//! Stored outcomes, from which a pass knows what to do.

/// The result of the last look at an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOutcome<P> {
    /// The item's key.
    pub key: String,
    /// The item's fingerprint at that time.
    pub fingerprint: String,
    /// The result.
    pub state: OutcomeState<P>,
    /// True if the index still has what this outcome says.
    ///
    /// For `Indexed`: the item has its row. For `Duplicate`: the very item that it names has the
    /// row. (Another item that has it since is not enough, for an interrupted run may have
    /// forgotten to read the copy again.) For other states: always true. `false` makes the item
    /// count as changed, so that lost rows heal.
    pub present: bool,
}

/// The result of reading an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutcomeState<P> {
    /// The item has its row.
    Indexed,
    /// The item is a copy of another.
    Duplicate {
        /// The key of the item that has the row.
        of: String,
    },
    /// The item was left out on purpose.
    Excluded,
    /// The item could not be read.
    Failed(P),
}

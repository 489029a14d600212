//! What is stored about each item: the memory by which a pass knows what there is to do.

/// What became of an item when it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOutcome {
    /// The item's key.
    pub key: String,
    /// Its fingerprint at that time.
    pub fingerprint: String,
    /// What became of it.
    pub state: OutcomeState,
    /// Whether what this outcome says of the index still holds: for `Indexed`, that the item has its row; for `Duplicate`,
    /// that the very winner it names has the row (another one that has it since is not enough, for a copy that was to be
    /// read again may have been forgotten by a run that died). `false` makes the item count as changed, and so whatever was
    /// lost heals. Always `true` for the other states.
    pub present: bool,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutcomeState {
    /// It has its row.
    Indexed,
    /// It is a copy of another item, which has the row.
    Duplicate {
        /// The key of the item that has the row.
        of: String,
    },
    /// It was left out on purpose.
    Excluded,
    /// It could not be read.
    Failed {
        /// Why, for people.
        reason: String,
        /// Whether every pass tries again; else only a new fingerprint makes it be read again.
        transient: bool,
    },
}

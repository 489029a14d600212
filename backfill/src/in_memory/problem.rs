//! The problems of in-memory items.

use crate::ItemProblem;

/// A problem of an in-memory item or place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InMemoryProblem {
    /// The place cannot be listed.
    Unlisted,
    /// The item cannot be read.
    Broken,
    /// The item cannot be read now, and perhaps later.
    Flaky,
    /// Reading the item panicked, with a message.
    Panicked(String),
    /// So many lines of the item were skipped.
    LinesSkipped(u64),
}

impl ItemProblem for InMemoryProblem {
    fn is_transient(&self) -> bool {
        *self == Self::Flaky
    }

    fn panicked(message: &str) -> Self {
        Self::Panicked(message.to_owned())
    }
}

//! Problems: the adapter's own type, and the kinds that a report makes of it.

use std::fmt::Debug;

/// Problem of an item or a place, as the adapter behind the ports knows it.
///
/// The three ports of one engine share the type. The engine stores and reports its values and never
/// looks into them.
pub trait ItemProblem: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// Returns true if another try may succeed although the item has not changed (an I/O error, a
    /// permission).
    ///
    /// Every pass then reads the item again. Otherwise only a new fingerprint makes a pass do so.
    fn is_transient(&self) -> bool;

    /// Makes the problem of an item whose extraction panicked. It should not be transient.
    fn panicked(message: &str) -> Self;
}

/// A problem of an item or a place, for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem<P> {
    /// The item's key, or the place, named as in keys.
    pub key: String,
    /// The problem itself.
    pub kind: ProblemKind<P>,
}

/// The problem of an item or a place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind<P> {
    /// The place could not be listed, or not completely.
    Listing(P),
    /// The source listed the key more than once. The first item counts.
    ListedTwice,
    /// The item cannot be read.
    Failed(P),
    /// The item is a copy of another.
    Duplicate {
        /// The key of the item that has the row.
        of: String,
    },
    /// The item was indexed, with a remark.
    Remark(P),
    /// Commits kept asking for the item to be read again. The next pass continues.
    Unsettled,
}

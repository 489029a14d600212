//! What a source lists: items, what could not be listed, and why an item could not be read.

/// One thing to index, as a source lists it.
///
/// `H` is the source's own handle: whatever spares the index from looking the item up a second time (a path, an open directory entry).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<H = ()> {
    /// Names the item within its source, the same at every listing; items are done in the order of their keys (by bytes).
    pub key: String,
    /// Changes whenever the item's content may have changed (for a file: size and modification time, say).
    pub fingerprint: String,
    /// How much there is to read; it feeds the progress and bounds what is in flight, and may be an estimate.
    pub bytes: u64,
    /// What the index needs to find the item again.
    pub handle: H,
}

/// Everything a source has, in any order.
#[derive(Debug, Clone)]
pub struct Listing<H = ()> {
    /// The items; of two with the same key the first counts and the second is reported.
    pub items: Vec<Item<H>>,
    /// What went wrong while listing; goes into the report.
    pub problems: Vec<ListingProblem>,
    /// Key prefixes about which this listing knows nothing, because a folder could not be read: items under them that are
    /// not listed are **not** taken as vanished. The empty prefix stands for everything.
    pub unknown_prefixes: Vec<String>,
    /// How many more there are that the source leaves out on purpose; what was stored of such an item is taken for vanished.
    pub excluded: u64,
}

impl<H> Default for Listing<H> {
    fn default() -> Self {
        Self { items: Vec::new(), problems: Vec::new(), unknown_prefixes: Vec::new(), excluded: 0 }
    }
}

/// A place that could not be listed, or not wholly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingProblem {
    /// The place, in the words of the keys.
    pub place: String,
    /// What went wrong, for people.
    pub reason: String,
}

/// Why one item could not be extracted; the others go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFailure {
    /// What went wrong, for people.
    pub reason: String,
    /// Whether another try may succeed although the item has not changed (an I/O error, a permission). A failure that is not
    /// transient is not tried again until the fingerprint changes.
    pub transient: bool,
}

impl ItemFailure {
    /// Makes a failure that lies in the item's content: reading it again would fail again.
    pub fn permanent(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), transient: false }
    }

    /// Makes a failure that may be over at the next pass.
    pub fn transient(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), transient: true }
    }
}

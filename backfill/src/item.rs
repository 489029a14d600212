//! Items and the listing that a source makes of them.

use crate::Problem;

/// One thing to index, as a source lists it.
///
/// `H` is the source's handle, with which the index finds the item without a second look-up (a
/// path, an open directory).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<H = ()> {
    /// Name of the item within its source, the same in every listing. Passes work in key order (by
    /// bytes).
    pub key: String,
    /// Text that changes whenever the item's content may have changed (for a file: size and
    /// modification time).
    pub fingerprint: String,
    /// Size in bytes, perhaps estimated. It feeds the progress and bounds the bytes in flight.
    pub bytes: u64,
    /// Data with which the index finds the item.
    pub handle: H,
}

/// Everything that a source has, in any order.
#[derive(Debug, Clone)]
pub struct Listing<H, P> {
    /// The items. Of two with the same key the first counts and the second is reported.
    pub items: Vec<Item<H>>,
    /// Places that could not be listed, or not completely. They go into the report.
    pub problems: Vec<Problem<P>>,
    /// Key prefixes of places that could not be listed, a folder without permission for example.
    ///
    /// Unlisted items under them do **not** count as vanished. The empty prefix stands for
    /// everything.
    pub unknown_prefixes: Vec<String>,
}

impl<H, P> Default for Listing<H, P> {
    fn default() -> Self {
        Self { items: Vec::new(), problems: Vec::new(), unknown_prefixes: Vec::new() }
    }
}

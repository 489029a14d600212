//! The last `turn_context`: kept as bytes, and parsed once. It is long, and only the last counts.

use crate::format::fact::Fact;
use crate::format::head::Head;
use crate::format::kind::Kind;
use crate::json;

/// Memory that is kept from file to file; nearly every such line is shorter.
const MAX_RETAINED: usize = 64 * 1024;

/// The last `turn_context`. Reusable memory.
#[derive(Default)]
pub(crate) struct Kept {
    bytes: Vec<u8>,
    /// Start of the payload, if a line is kept.
    payload: Option<usize>,
}

impl Kept {
    /// Drops the kept line, and frees the memory of an exceptionally long one.
    pub(crate) fn clear(&mut self) {
        self.payload = None;
        self.bytes.clear();
        self.bytes.shrink_to(MAX_RETAINED);
    }

    /// Returns the memory that is held between two files.
    #[cfg(test)]
    pub(crate) fn retained(&self) -> usize {
        self.bytes.capacity()
    }

    pub(super) fn keep(&mut self, line: &[u8], head: &Head<'_>) {
        self.bytes.clear();
        self.bytes.extend_from_slice(line);
        self.payload = Some(head.payload);
    }

    pub(super) fn drop_line(&mut self) {
        self.payload = None;
    }

    /// Reads the kept line; `None` if there is none.
    pub(super) fn take(&mut self) -> json::Result<Option<Fact<'_>>> {
        let head = self.payload.take().map(|payload| Head { kind: Kind::TurnContext, payload, time: &[] });
        head.map(|head| head.fact(&self.bytes)).transpose()
    }
}

//! Lines of which only the last counts: kept as bytes, and parsed once.

use crate::format::fact::Fact;
use crate::format::head::Head;
use crate::format::kind::Kind;
use crate::json;

/// Memory for one line that is kept from file to file; nearly every such line is shorter.
const MAX_RETAINED: usize = 64 * 1024;

/// The last line of each kind. Reusable memory.
#[derive(Default)]
pub(crate) struct Kept {
    pub(super) turn: KeptLine,
    pub(super) tokens: KeptLine,
}

#[derive(Default)]
pub(super) struct KeptLine {
    bytes: Vec<u8>,
    /// Kind of the kept line, and the start of its payload.
    head: Option<(Kind, usize)>,
}

impl Kept {
    /// Drops the kept lines, and frees the memory of an exceptionally long one.
    pub(crate) fn clear(&mut self) {
        for line in [&mut self.turn, &mut self.tokens] {
            line.drop_line();
            line.bytes.clear();
            line.bytes.shrink_to(MAX_RETAINED);
        }
    }

    /// Returns the memory that is held between two files.
    #[cfg(test)]
    pub(crate) fn retained(&self) -> usize {
        self.turn.bytes.capacity() + self.tokens.bytes.capacity()
    }
}

impl KeptLine {
    pub(super) fn keep(&mut self, line: &[u8], head: &Head<'_>) {
        self.bytes.clear();
        self.bytes.extend_from_slice(line);
        self.head = Some((head.kind, head.payload));
    }

    pub(super) fn drop_line(&mut self) {
        self.head = None;
    }

    /// Reads the kept line; `None` if there is none.
    pub(super) fn take(&mut self) -> json::Result<Option<Fact<'_>>> {
        let head = self.head.take();
        head.map(|(kind, payload)| Head { kind, payload, time: &[] }.fact(&self.bytes)).transpose()
    }
}

//! Lines of which only the last counts: kept as bytes, and parsed once.
//!
//! The marks of turns are kept from the beginning of the last turn on.

use crate::format::fact::Fact;
use crate::format::head::Head;
use crate::format::kind::{Event, Kind};
use crate::json;

/// Memory for one line that is kept from file to file; nearly every such line is shorter.
const MAX_RETAINED: usize = 64 * 1024;

/// The last line of each kind. Reusable memory.
#[derive(Default)]
pub(crate) struct Kept {
    pub(super) turn: KeptLine,
    pub(super) tokens: KeptLine,
    pub(super) marks: KeptMarks,
}

/// Lines that mark where turns begin and end, none of which was parsed.
#[derive(Default)]
pub(super) struct KeptMarks {
    bytes: Vec<u8>,
    /// Kind of each line, the start of its payload, and its end in the bytes.
    lines: Vec<(Kind, usize, usize)>,
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
        self.marks.drop_lines();
        self.marks.bytes.shrink_to(MAX_RETAINED);
    }

    /// Returns the memory that is held between two files.
    #[cfg(test)]
    pub(crate) fn retained(&self) -> usize {
        self.turn.bytes.capacity() + self.tokens.bytes.capacity() + self.marks.bytes.capacity()
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

impl KeptMarks {
    /// Keeps a line. A beginning makes the lines before it meaningless.
    pub(super) fn keep(&mut self, line: &[u8], head: &Head<'_>) {
        if head.kind == Kind::Event(Event::TurnStarted) {
            self.drop_lines();
        }
        self.bytes.extend_from_slice(line);
        self.lines.push((head.kind, head.payload, self.bytes.len()));
    }

    pub(super) fn drop_lines(&mut self) {
        self.bytes.clear();
        self.lines.clear();
    }

    /// Returns true if the lines need not be more than these.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() > MAX_RETAINED
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns true if a turn has begun, and nothing was marked since.
    pub(super) fn end_with_beginning(&self) -> bool {
        self.lines.last().is_some_and(|(kind, ..)| *kind == Kind::Event(Event::TurnStarted))
    }

    /// Reads the kept lines in their order.
    pub(super) fn facts(&self) -> impl Iterator<Item = json::Result<Fact<'_>>> {
        let mut start = 0;
        self.lines.iter().map(move |(kind, payload, end)| {
            let line = &self.bytes[std::mem::replace(&mut start, *end)..*end];
            Head { kind: *kind, payload: *payload, time: &[] }.fact(line)
        })
    }
}

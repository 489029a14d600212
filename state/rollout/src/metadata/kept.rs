//! Lines that are kept as bytes, because most of them are never parsed: only the last settings
//! count, and words that the model heard make room for the event with the same words.

use super::repeated::Repeated;
use crate::format::fact::Fact;
use crate::format::head::Head;
use crate::format::kind::Kind;
use crate::json;

/// Memory for one line that is kept from file to file; nearly every such line is shorter.
const MAX_RETAINED: usize = 64 * 1024;

/// The kept lines. Reusable memory.
#[derive(Default)]
pub(crate) struct Kept {
    /// The last complete `thread_settings_applied`.
    pub(super) settings: KeptLine,
    /// The last `turn_context` after it.
    pub(super) turn: KeptLine,
    /// The first `response_item` with words of the user's, since the last event with words.
    pub(super) heard: KeptLine,
    /// Settings that were read before, also of another file.
    pub(super) repeated: Repeated,
}

/// One kept line.
#[derive(Default)]
pub(super) struct KeptLine {
    bytes: Vec<u8>,
    /// Kind of the kept line, and the start of its payload.
    head: Option<(Kind, usize)>,
}

impl Kept {
    /// Drops the kept lines, and frees the memory of an exceptionally long one.
    pub(crate) fn clear(&mut self) {
        for line in [&mut self.settings, &mut self.turn, &mut self.heard] {
            line.drop_line();
            line.bytes.clear();
            line.bytes.shrink_to(MAX_RETAINED);
        }
    }

    /// Returns the memory that is held between two files.
    #[cfg(test)]
    pub(crate) fn retained(&self) -> usize {
        let lines = [&self.settings, &self.turn, &self.heard].map(|line| line.bytes.capacity());
        lines.iter().sum::<usize>() + self.repeated.retained()
    }

    /// Keeps complete settings, which replace all settings before.
    pub(super) fn keep_settings(&mut self, line: &[u8], head: &Head<'_>) {
        self.settings.keep(line, head);
        self.turn.drop_line();
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

    pub(super) fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    /// Reads the kept line; `None` if there is none.
    pub(super) fn take(&mut self, repeated: &mut Repeated) -> json::Result<Option<Fact<'_>>> {
        let head = self.head.take();
        head.map(|(kind, payload)| repeated.fact(&self.bytes, Head { kind, payload, time: &[] })).transpose()
    }
}

//! Settings that were read before. Most lines with settings repeat earlier ones but for their ids,
//! within a thread and from thread to thread; comparing costs far less than parsing.

use crate::format::fact::Fact;
use crate::format::head::Head;
use crate::format::kind::{Event, Kind};
use crate::format::peek;
use crate::format::turn_context::TurnContext;
use crate::json;

/// Settings that are remembered: those of a user's usual folders and models.
const MOST: usize = 32;
/// The longest line that is remembered, without its ids: 8 KiB. Most have one.
const MAX_LENGTH: usize = 8 * 1024;

/// The settings that were read last, the latest first.
#[derive(Default)]
pub(crate) struct Repeated(Vec<Settings>);

struct Settings {
    kind: Kind,
    /// The line behind its ids.
    line: Vec<u8>,
    read: TurnContext,
}

impl Repeated {
    /// Reads a line's fact, like [`Head::fact`].
    pub(crate) fn fact<'l>(&mut self, line: &'l [u8], head: Head<'_>) -> json::Result<Fact<'l>> {
        let kind = head.kind;
        if !matches!(kind, Kind::TurnContext | Kind::Event(Event::SettingsApplied)) {
            return head.fact(line);
        }
        let settings = peek::after_ids(&line[head.payload..]);
        let Self(known) = self;
        if let Some(at) = known.iter().position(|known| known.kind == kind && known.line == settings) {
            known[..=at].rotate_right(1);
            let read = known[0].read.clone();
            let is_turn = kind == Kind::TurnContext;
            return Ok(if is_turn { Fact::TurnContext(read) } else { Fact::SettingsApplied(read) });
        }
        let fact = head.fact(line)?;
        if let Fact::TurnContext(read) | Fact::SettingsApplied(read) = &fact
            && !settings.is_empty()
            && settings.len() <= MAX_LENGTH
        {
            known.truncate(MOST - 1);
            known.insert(0, Settings { kind, line: settings.to_vec(), read: read.clone() });
        }
        Ok(fact)
    }

    /// Returns the memory that is held between two files.
    #[cfg(test)]
    pub(super) fn retained(&self) -> usize {
        self.0.iter().map(|known| known.line.capacity()).sum()
    }
}

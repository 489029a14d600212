//! Turns of a thread that others were forked from, to know copied turns from new ones.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use super::cut::Cut;
use crate::format::fact::Fact;
use crate::format::line::Lines;
use crate::format::session_meta::HistoryBase;
use crate::lines::error::ExtractError;

/// Ids of turns, and the user's messages in their order, as hashes.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    ids: HashSet<u64>,
    messages: Vec<u64>,
}

impl Marks {
    /// Returns true if the thread has a turn with this id.
    pub(crate) fn has_turn(&self, id: &str) -> bool {
        self.ids.contains(&hash(id))
    }

    /// Returns true if this is the user's message of this number in the thread.
    pub(crate) fn has_message(&self, number: usize, text: &str) -> bool {
        self.messages.get(number) == Some(&hash(text))
    }

    /// Adds the turns of a file, up to the `end` of the part that counts.
    pub(crate) fn add(
        &mut self,
        path: &Path,
        compressed: bool,
        end: Option<&HistoryBase>,
    ) -> Result<(), ExtractError> {
        let mut lines = Lines::open(path, compressed)?;
        let mut cut = end.map(Cut::new);
        while let Some(line) = lines.next_line()? {
            let Ok(line) = line else { continue };
            if cut.as_mut().is_some_and(|cut| !cut.takes(line.json.as_bytes(), line.offset)) {
                break;
            }
            match line.fact() {
                Fact::TurnStarted { turn_id: Some(id), .. } => _ = self.ids.insert(hash(&id)),
                Fact::UserMessage { message, .. } => self.messages.push(hash(&message.text)),
                _ => {}
            }
        }
        Ok(())
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

//! Turns of a thread that others were forked from, to know copied turns from new ones.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use crate::format::fact::Fact;
use crate::format::line::Lines;
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

    /// Adds the turns of a file.
    pub(crate) fn add(&mut self, path: &Path, compressed: bool) -> Result<(), ExtractError> {
        let mut lines = Lines::open(path, compressed)?;
        while let Some(line) = lines.next_line()? {
            match line.map(|line| line.fact()) {
                Ok(Fact::TurnStarted { turn_id: Some(id), .. }) => _ = self.ids.insert(hash(&id)),
                Ok(Fact::UserMessage { message, .. }) => self.messages.push(hash(&message.text)),
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

//! What a rollout says so far, kept up line by line by whoever writes it, with the rules by which it is read.

use jiff::Timestamp;
use uuid::Uuid;

use crate::metadata::{State, ThreadMetadata};
use crate::name::RolloutName;
use crate::pass::{Kept, Pass};
use crate::raw_line::RawLine;
use crate::run_outcome::RunOutcome;

/// What an index has to know of a line that was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The thread is described anew: this is all that its rollout says now.
    Metadata(Box<ThreadMetadata>),
    /// Only what changes all the time has changed, if anything.
    Touch(Touch),
}

/// What changes with nearly every line of a thread, and is cheap to store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Touch {
    /// The thread.
    pub thread_id: Uuid,
    /// The time of its last line.
    pub updated_at: Timestamp,
    /// The tokens that it has used.
    pub tokens_used: i64,
    /// How its run goes.
    pub run_outcome: RunOutcome,
}

impl Touch {
    /// A touch of a thread whose last line was written at this time.
    pub fn new(thread_id: Uuid, updated_at: Timestamp, tokens_used: i64, run_outcome: RunOutcome) -> Self {
        Self { thread_id, updated_at, tokens_used, run_outcome }
    }

    fn of(metadata: &ThreadMetadata) -> Self {
        Self {
            thread_id: metadata.thread_id,
            // Whoever writes lines writes their times.
            updated_at: metadata.updated_at.unwrap_or_default(),
            tokens_used: metadata.tokens_used,
            run_outcome: metadata.run_outcome,
        }
    }
}

/// What the lines so far say.
pub(crate) struct Fold {
    state: State,
    name: Option<RolloutName>,
    kept: Kept,
    metadata: ThreadMetadata,
}

impl Fold {
    /// Goes on from what was read. `None` when that names no thread.
    pub(crate) fn new(state: State, name: Option<RolloutName>) -> Option<Self> {
        let metadata = state.metadata(name.as_ref())?;
        Some(Self { state, name, kept: Kept::default(), metadata })
    }

    /// What all of the lines say.
    pub(crate) fn metadata(&self) -> &ThreadMetadata {
        &self.metadata
    }

    /// Takes a line that was written whole, without its newline.
    pub(crate) fn take(&mut self, line: &[u8], offset: u64) -> Change {
        let line = RawLine {
            offset,
            // Nobody is told of this line that it is bad.
            number: 0,
            bytes: line,
            whole: true,
            terminated: true,
            utf8: true,
            last: b'}',
        };
        let mut pass = Pass::line_by_line(&mut self.kept, std::mem::take(&mut self.state));
        pass.read(&line);
        self.state = pass.into_state();
        let before =
            self.state.metadata(self.name.as_ref()).map(|now| std::mem::replace(&mut self.metadata, now));
        let touch = Touch::of(&self.metadata);
        let is_touch = before.is_none_or(|mut before| {
            before.updated_at = self.metadata.updated_at;
            (before.tokens_used, before.run_outcome) = (touch.tokens_used, touch.run_outcome);
            before == self.metadata
        });
        if is_touch { Change::Touch(touch) } else { Change::Metadata(Box::new(self.metadata.clone())) }
    }
}

//! Metadata of a thread while it is recorded, line by line, by the rules of reading.

use jiff::Timestamp;
use uuid::Uuid;

use crate::home::name::RolloutName;
use crate::lines::raw_line::RawLine;
use crate::metadata::kept::Kept;
use crate::metadata::pass::Pass;
use crate::metadata::state::State;
use crate::metadata::thread::ThreadMetadata;
use crate::turns::run_outcome::RunOutcome;

/// Change of a thread's metadata by a line that was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The metadata, which has changed.
    Metadata(Box<ThreadMetadata>),
    /// At most the fields changed that change with nearly every line.
    Touch(Touch),
}

/// Fields that change with nearly every line of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Touch {
    /// The thread's id.
    pub thread_id: Uuid,
    /// Time of the last line.
    pub updated_at: Timestamp,
    /// Tokens used so far.
    pub own_tokens: Option<i64>,
    /// Outcome of the last run so far.
    pub run_outcome: RunOutcome,
}

impl Touch {
    /// Returns a touch of a thread whose last line was written at this time.
    pub fn new(
        thread_id: Uuid,
        updated_at: Timestamp,
        own_tokens: Option<i64>,
        run_outcome: RunOutcome,
    ) -> Self {
        Self { thread_id, updated_at, own_tokens, run_outcome }
    }

    fn of(metadata: &ThreadMetadata) -> Self {
        Self {
            thread_id: metadata.thread_id,
            // Every appended line has a time.
            updated_at: metadata.updated_at.unwrap_or_default(),
            own_tokens: metadata.own_tokens,
            run_outcome: metadata.run_outcome,
        }
    }
}

/// Metadata after the lines so far.
pub(crate) struct Recorded {
    state: State,
    name: Option<RolloutName>,
    kept: Kept,
    metadata: ThreadMetadata,
}

impl Recorded {
    /// Continues from the lines that were read; `None` if they have no thread id.
    pub(crate) fn new(state: State, name: Option<RolloutName>) -> Option<Self> {
        let metadata = state.metadata(name.as_ref())?;
        Some(Self { state, name, kept: Kept::default(), metadata })
    }

    /// Returns the metadata after all lines.
    pub(crate) fn metadata(&self) -> &ThreadMetadata {
        &self.metadata
    }

    /// Takes a line that was written whole, without its newline.
    pub(crate) fn take(&mut self, line: &[u8], offset: u64) -> Change {
        let line = RawLine {
            offset,
            // Not used: a line of our own is never reported as bad.
            end: 0,
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
            (before.own_tokens, before.run_outcome) = (self.metadata.own_tokens, touch.run_outcome);
            before == self.metadata
        });
        if is_touch { Change::Touch(touch) } else { Change::Metadata(Box::new(self.metadata.clone())) }
    }
}

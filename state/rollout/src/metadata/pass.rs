//! One pass over a rollout's lines: each is folded into the state, kept for later, skipped, or
//! counted as bad.

use serde::de::IgnoredAny;

use super::checkpoint::Checkpoint;
use super::kept::Kept;
use super::state::State;
use crate::format::envelope::Envelope;
use crate::format::fact::Fact;
use crate::format::head::Head;
use crate::format::kind::{Event, Kind};
use crate::json::{self, NotJson};
use crate::lines::error::ExtractError;
use crate::lines::raw_line::RawLine;
use crate::lines::skipped::{BadReason, SkippedLines};
use crate::time::LineTime;

/// Reason why a pass ended early.
pub(crate) enum Stop {
    /// A kept line is unusable, and the line that it replaced is gone. The file must be read again
    /// without keeping; a pass that keeps no lines never stops for this.
    StartOver,
    /// The file cannot be read.
    Failed(ExtractError),
}

impl From<NotJson> for Stop {
    fn from(NotJson: NotJson) -> Self {
        Self::StartOver
    }
}

impl From<ExtractError> for Stop {
    fn from(error: ExtractError) -> Self {
        Self::Failed(error)
    }
}

/// State of a pass.
pub(crate) struct Pass<'k> {
    pub(crate) state: State,
    pub(crate) skipped: SkippedLines,
    last_time: Option<LineTime>,
    kept: &'k mut Kept,
    keep: bool,
    /// True if a kept mark is no JSON.
    start_over: bool,
}

impl<'k> Pass<'k> {
    /// Continues from a checkpoint. With `keep`, lines of which only the last counts are parsed at
    /// the end.
    pub(crate) fn new(kept: &'k mut Kept, keep: bool, from: Option<&Checkpoint>) -> Self {
        kept.clear();
        let (state, skipped) =
            from.map(|from| (from.state.clone(), from.skipped.clone())).unwrap_or_default();
        Self { state, skipped, last_time: None, kept, keep, start_over: false }
    }

    /// Continues from a state, like [`Pass::new`].
    pub(crate) fn from_state(kept: &'k mut Kept, keep: bool, state: State) -> Self {
        kept.clear();
        Self { keep, ..Self::line_by_line(kept, state) }
    }

    /// Continues from a state, and parses every line at once: the state is complete after each.
    pub(crate) fn line_by_line(kept: &'k mut Kept, state: State) -> Self {
        let skipped = SkippedLines::default();
        Self { state, skipped, last_time: None, kept, keep: false, start_over: false }
    }

    /// Returns the state after all lines.
    pub(crate) fn into_state(mut self) -> State {
        self.set_last_time();
        self.state
    }

    /// Returns true if a line with these first bytes is worth the memory to be read whole.
    pub(crate) fn wants(head: &[u8]) -> bool {
        Head::canonical(head).is_none_or(|head| may_matter(head.kind))
    }

    /// Takes a line.
    pub(crate) fn read(&mut self, line: &RawLine<'_>) {
        if line.is_blank() {
            return;
        }
        let head = Head::canonical(line.bytes);
        if let Some(reason) = line.fault(head.is_none_or(|head| may_matter(head.kind))) {
            return self.skip(line, reason);
        }
        let taken = match head {
            Some(head) => self.take_canonical(line, head),
            None => self.take_other(line),
        };
        if taken.is_err() {
            self.skip(line, BadReason::NotJson);
        }
    }

    /// Takes the last line when no newline ended it: it counts if it is complete.
    pub(crate) fn read_tail(&mut self, line: &RawLine<'_>) {
        let complete = !line.whole || serde_json::from_slice::<IgnoredAny>(line.bytes).is_ok();
        if line.utf8 && complete && line.last == b'}' {
            self.read(line);
        } else {
            self.skip(line, BadReason::Torn);
        }
    }

    /// Parses the kept lines. After this the state is complete.
    pub(crate) fn settle(&mut self) -> Result<(), Stop> {
        if !self.keep {
            // Every line was parsed when it was read.
            self.set_last_time();
            return Ok(());
        }
        self.take_marks();
        if self.start_over {
            return Err(Stop::StartOver);
        }
        if let Some(turn) = self.kept.turn.take()? {
            self.state.take(turn);
        }
        match self.kept.tokens.take()? {
            Some(Fact::TokenCount { total: None }) => return Err(Stop::StartOver),
            Some(tokens) => self.state.take(tokens),
            None => {}
        }
        if let Some(time) = self.last_time.take() {
            self.state.set_last_line_time(time.timestamp().ok_or(Stop::StartOver)?);
        }
        Ok(())
    }

    fn set_last_time(&mut self) {
        if let Some(time) = self.last_time.take().and_then(|time| time.timestamp()) {
            self.state.set_last_line_time(time);
        }
    }

    fn take_canonical(&mut self, line: &RawLine<'_>, head: Head<'_>) -> json::Result<()> {
        match head.kind {
            Kind::TurnContext if self.keep => self.kept.turn.keep(line.bytes, &head),
            Kind::Event(Event::TokenCount) if self.keep => self.kept.tokens.keep(line.bytes, &head),
            Kind::Event(Event::TurnStarted | Event::TurnCompleted | Event::TurnAborted | Event::Error)
                if self.keeps_marks() =>
            {
                self.kept.marks.keep(line.bytes, &head);
            }
            Kind::Event(Event::UserMessage | Event::ItemCompleted) if !self.user_message_matters() => {}
            kind if may_matter(kind) => {
                let fact = head.fact(line.bytes)?;
                self.take_marks();
                self.state.take(fact);
            }
            _ => {}
        }
        self.set_time(if self.keep { LineTime::later(head.time) } else { LineTime::now(head.time) });
        Ok(())
    }

    /// Returns true if a mark can be kept: the next beginning will make it meaningless, unless a
    /// reviewer's turn is to begin.
    fn keeps_marks(&mut self) -> bool {
        if self.kept.marks.is_full() {
            self.take_marks();
        }
        self.keep && !self.state.awaits_reviewer()
    }

    fn user_message_matters(&mut self) -> bool {
        if self.state.has_user_message() && self.kept.marks.end_with_beginning() {
            return false;
        }
        self.take_marks();
        self.state.user_message_matters()
    }

    /// Takes the kept marks, which come before the line that is read next.
    fn take_marks(&mut self) {
        if self.kept.marks.is_empty() {
            return;
        }
        for fact in self.kept.marks.facts() {
            match fact {
                Ok(fact) => self.state.take(fact),
                Err(NotJson) => self.start_over = true,
            }
        }
        self.kept.marks.drop_lines();
    }

    fn take_other(&mut self, line: &RawLine<'_>) -> json::Result<()> {
        let envelope = Envelope::read(std::str::from_utf8(line.bytes).map_err(|_| NotJson)?)?;
        let fact = envelope.fact()?;
        self.take_marks();
        match &fact {
            Fact::TurnContext(_) => self.kept.turn.drop_line(),
            Fact::TokenCount { total: Some(_) } => self.kept.tokens.drop_line(),
            _ => {}
        }
        self.state.take(fact);
        self.set_time(envelope.time());
        Ok(())
    }

    fn set_time(&mut self, time: Option<LineTime>) {
        if time.is_some() {
            self.last_time = time;
        }
        if !self.state.has_first_line_time()
            && let Some(at) = time.and_then(|time| time.timestamp())
        {
            self.state.set_first_line_time(at);
        }
    }

    fn skip(&mut self, line: &RawLine<'_>, reason: BadReason) {
        self.skipped.add(line.bad(reason));
    }
}

/// Returns true if lines of this kind can change the metadata.
#[inline]
fn may_matter(kind: Kind) -> bool {
    use Event::{AgentMessage, AgentReasoning, ContextCompacted, ExitedReview};
    match kind {
        Kind::SessionMeta | Kind::TurnContext | Kind::BareItem => true,
        Kind::Event(AgentMessage | AgentReasoning | ContextCompacted | ExitedReview) => false,
        Kind::Event(_) => true,
        Kind::ResponseItem | Kind::Compacted | Kind::Other => false,
    }
}

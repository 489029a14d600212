//! One pass over a rollout's lines: each is folded into the state, kept for later, skipped, or
//! counted as bad.

use serde::de::IgnoredAny;

use super::checkpoint::Checkpoint;
use super::kept::{Kept, KeptLine};
use super::repeated::Repeated;
use super::state::State;
use crate::format::envelope::Envelope;
use crate::format::fact::Fact;
use crate::format::head::Head;
use crate::format::kind::{Event, Kind};
use crate::format::peek::{self, Heard};
use crate::json::{self, NotJson};
use crate::lines::error::ExtractError;
use crate::lines::raw_line::RawLine;
use crate::lines::skipped::{BadReason, SkippedLines};
use crate::time::LineTime;

/// Reason why a pass ended early.
pub(crate) enum Stop {
    /// The kept line or the last time is unusable, and what it replaced is gone. The file must be
    /// read again without keeping; a pass that keeps no line never stops for this.
    StartOver,
    /// The file cannot be read.
    Failed(ExtractError),
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
    /// True if the kept line was no JSON.
    start_over: bool,
}

impl<'k> Pass<'k> {
    /// Continues from a checkpoint. With `keep`, the last `turn_context` is parsed at the end.
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

    /// Forgets the lines so far, of which none was bad, and continues from a state.
    pub(super) fn start_over_with(&mut self, state: State) {
        (self.state, self.last_time) = (state, None);
    }

    /// Begins a fork's own part, after lines that were copied from another thread. `is_whole` says
    /// that their tokens are known to be that thread's.
    pub(super) fn begin_own_part(&mut self, is_whole: bool) {
        self.take_kept();
        self.state.begin_own_part(is_whole);
    }

    /// Returns true if a line with these first bytes is worth the memory to be read whole.
    pub(crate) fn wants(head: &[u8]) -> bool {
        Head::canonical(head).is_none_or(|head| may_matter(head.kind))
    }

    /// Takes a line. If no newline ended it, it counts if it is complete.
    pub(crate) fn read(&mut self, line: &RawLine<'_>) {
        if line.is_blank() {
            return;
        }
        if !line.terminated && !is_complete(line) {
            return self.skip(line, BadReason::Torn);
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

    /// Parses the kept line. After this the state is complete.
    pub(crate) fn settle(&mut self) -> Result<(), Stop> {
        if !self.keep {
            // Every line was parsed when it was read.
            self.set_last_time();
            return Ok(());
        }
        self.take_kept();
        if self.start_over {
            return Err(Stop::StartOver);
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
        let time = if self.keep { LineTime::later(head.time) } else { LineTime::now(head.time) };
        let payload = &line.bytes[head.payload..];
        match head.kind {
            // The agent's own work is no activity.
            Kind::OtherUsage => return Ok(()),
            Kind::TurnContext if self.keep && self.state.has_directory() => {
                self.kept.turn.keep(line.bytes, &head);
            }
            Kind::Event(Event::SettingsApplied) if self.keep && peek::has_complete_settings(payload) => {
                self.kept.keep_settings(line.bytes, &head);
                if !self.settings_are_activity(time) {
                    return Ok(());
                }
            }
            Kind::ResponseItem if line.whole && self.wants_words() => match peek::heard(payload) {
                Heard::Nothing => {}
                Heard::Words if self.keep => self.kept.heard.keep(line.bytes, &head),
                _ => return self.take(head.fact(line.bytes)?, time),
            },
            kind if may_matter(kind) && self.payload_matters(kind, payload) => {
                let fact = self.kept.repeated.fact(line.bytes, head)?;
                return self.take(fact, time);
            }
            _ => {}
        }
        self.set_time(time);
        Ok(())
    }

    fn wants_words(&self) -> bool {
        self.state.wants_words() && self.kept.heard.is_empty()
    }

    /// Returns true if the payload of a line that may matter can change the state.
    fn payload_matters(&self, kind: Kind, payload: &[u8]) -> bool {
        match kind {
            Kind::Event(Event::UserMessage) => self.state.user_message_matters(),
            Kind::Event(Event::ItemCompleted) => {
                peek::item_matters(payload, || self.state.user_message_matters())
            }
            _ => true,
        }
    }

    fn take_other(&mut self, line: &RawLine<'_>) -> json::Result<()> {
        let envelope = Envelope::read(std::str::from_utf8(line.bytes).map_err(|_| NotJson)?)?;
        self.take(envelope.fact()?, envelope.time())
    }

    fn take(&mut self, fact: Fact<'_>, time: Option<LineTime>) -> json::Result<()> {
        match fact {
            Fact::TokenCount { .. } | Fact::TokenUsage { .. } | Fact::OtherUsage { .. } => {}
            Fact::UserMessage { .. } => self.kept.heard.drop_line(),
            Fact::TurnContext(_) | Fact::SettingsApplied(_) | Fact::SessionMeta(_) => self.take_kept(),
            _ => self.take_heard(),
        }
        let is_activity = match &fact {
            Fact::SettingsApplied(_) => self.settings_are_activity(time),
            // The header of a further file of the thread, or a copied one.
            Fact::SessionMeta(_) => !self.state.has_session(),
            Fact::OtherUsage { .. } => false,
            _ => true,
        };
        self.state.take(fact);
        if is_activity {
            self.set_time(time);
        }
        Ok(())
    }

    /// Returns true if settings of this time are part of the thread's beginning.
    fn settings_are_activity(&self, time: Option<LineTime>) -> bool {
        self.state.begins_with(time.and_then(|time| time.timestamp()))
    }

    /// Takes the kept lines, which come before the line that is read next.
    fn take_kept(&mut self) {
        let Kept { settings, turn, repeated, .. } = &mut *self.kept;
        let mut take = |line| take_line(line, repeated, &mut self.state);
        let is_json = take(settings) && take(turn);
        self.start_over |= !is_json;
        self.take_heard();
    }

    /// Takes the words that only the model has heard so far.
    fn take_heard(&mut self) {
        let Kept { heard, repeated, .. } = &mut *self.kept;
        self.start_over |= !take_line(heard, repeated, &mut self.state);
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

/// Returns true if nothing seems to follow a line without a newline.
fn is_complete(line: &RawLine<'_>) -> bool {
    let is_json = || !line.whole || serde_json::from_slice::<IgnoredAny>(line.bytes).is_ok();
    line.utf8 && line.last == b'}' && is_json()
}

/// Returns true if lines of this kind can change the metadata.
#[inline]
fn may_matter(kind: Kind) -> bool {
    use Event::{AgentMessage, AgentReasoning, ContextCompacted, ExitedReview};
    match kind {
        Kind::SessionMeta | Kind::TurnContext | Kind::TokenUsage | Kind::AgentMessage | Kind::BareItem => {
            true
        }
        Kind::Event(AgentMessage | AgentReasoning | ContextCompacted | ExitedReview) => false,
        Kind::Event(_) => true,
        Kind::ResponseItem | Kind::OtherUsage | Kind::Compacted | Kind::Other => false,
    }
}

/// Takes a kept line. Returns false if it is no JSON.
fn take_line(line: &mut KeptLine, repeated: &mut Repeated, state: &mut State) -> bool {
    line.take(repeated).map(|fact| fact.into_iter().for_each(|fact| state.take(fact))).is_ok()
}

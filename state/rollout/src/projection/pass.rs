//! One pass over a rollout's lines: each is folded into turns, passages and usage, or skipped.

use super::checkpoint::ProjectionCheckpoint;
use super::origin::Origin;
use super::passage::Passages;
use super::span::{Rollback, TurnSpan};
use super::usage::Usage;
use crate::chain::bases::Bases;
use crate::chain::copied::Copied;
use crate::chain::header::{self, Header};
use crate::format::envelope::Envelope;
use crate::format::fact::Fact;
use crate::format::head::{self, Head};
use crate::format::kind::{Event, Kind};
use crate::format::peek::{self, Heard};
use crate::format::read;
use crate::format::tokens::{self, OtherUsage};
use crate::json::{self, NotJson};
use crate::lines::guard::FileIdentity;
use crate::lines::raw_line::RawLine;
use crate::lines::skipped::{BadReason, SkippedLines};
use crate::metadata::repeated::Repeated;
use crate::time::LineTime;
use crate::turns::builder::Builder;
use crate::turns::shown::Place;
use crate::turns::turn::Turn;

/// State of a pass.
#[derive(Default)]
pub(super) struct Pass {
    pub(super) origin: Origin,
    pub(super) usage: Usage,
    pub(super) skipped: SkippedLines,
    pub(super) spans: Vec<TurnSpan>,
    pub(super) rollbacks: Vec<Rollback>,
    pub(super) builder: Builder<Passages>,
    /// The open turn.
    open: Option<OpenTurn>,
    file: FileIdentity,
    /// Lines that were copied from another thread.
    copied: Option<Copied>,
    /// Settings that were read before, also of another file.
    pub(super) repeated: Repeated,
    /// True if a line was not blank.
    pub(super) has_lines: bool,
}

struct OpenTurn {
    ordinal: Option<u64>,
    /// State before the turn's first line.
    before: ProjectionCheckpoint,
}

/// Line that is parsed as far as its payload.
#[derive(Clone, Copy)]
struct Record<'a> {
    kind: Kind,
    payload: &'a str,
    place: Place,
}

impl Pass {
    /// Continues from a checkpoint.
    pub(super) fn new(file: FileIdentity, repeated: Repeated, from: Option<&ProjectionCheckpoint>) -> Self {
        let mut pass = Self { file, repeated, ..Self::default() };
        if let Some(from) = from.cloned() {
            pass.builder.begun = from.turns;
            pass.builder.whole_items = from.whole_items;
            (pass.origin, pass.usage, pass.skipped) = (from.origin, from.usage, from.skipped);
            pass.has_lines = true;
        }
        pass
    }

    /// Returns true if a line with these first bytes is worth the memory to be read whole.
    pub(super) fn wants_head(&self, head: &[u8]) -> bool {
        Head::canonical(head).is_none_or(|found| self.wants(found.kind, &head[found.payload..]))
    }

    /// Takes a line that a newline ended, and the guarded bytes `before` it.
    pub(super) fn read(&mut self, line: &RawLine<'_>, before: &[u8], bases: Option<&mut Bases>) {
        if line.is_blank() {
            return;
        }
        self.has_lines = true;
        if !self.origin.is_read
            && let Some(session) = header::session_of(line)
        {
            let session = session.unwrap_or_default();
            let header = Header::new(&session);
            self.origin.begin(&header);
            self.origin.name(&session);
            if header.base.is_some() {
                self.usage.begin_after_base();
            }
            self.copied = Copied::of(&header, bases);
        }
        self.leave_copied_part(line);
        let head = Head::canonical(line.bytes);
        let wanted = head.is_none_or(|head| self.wants(head.kind, &line.bytes[head.payload..]));
        if let Some(reason) = line.fault(wanted) {
            self.skipped.add(line.bad(reason));
        } else if wanted && self.parse(line, head, before).is_err() {
            self.skipped.add(line.bad(BadReason::NotJson));
        } else if self.origin.first_line_at.is_none() {
            let time = head.and_then(|head| LineTime::now(head.time));
            self.origin.first_line_at = time.and_then(|time| time.timestamp());
        }
    }

    /// Begins the own part of a fork before the line that belongs to it.
    fn leave_copied_part(&mut self, line: &RawLine<'_>) {
        let Some(copied) = &mut self.copied else { return };
        let ends = copied.ends_before(line);
        let goes_on = copied.goes_on();
        let is_sure = copied.is_sure();
        (self.builder.inherits, self.usage.is_inherited) = (goes_on, goes_on);
        if !goes_on {
            self.copied = None;
        }
        if ends {
            self.usage.begin_own_part(is_sure, self.builder.begun > 0);
            if let Some(mut turn) = self.builder.close() {
                turn.interrupt();
                self.end_turn(turn, line.offset);
            }
        }
    }

    /// Returns true if all lines so far were copied from another thread.
    pub(super) fn is_copied(&self) -> bool {
        self.copied.is_some()
    }

    /// Returns true if a line may change anything.
    fn wants(&self, kind: Kind, payload: &[u8]) -> bool {
        match kind {
            Kind::SessionMeta => self.origin.thread_id.is_none(),
            Kind::TurnContext | Kind::TokenUsage | Kind::OtherUsage => true,
            Kind::Event(Event::GoalUpdated | Event::GoalCleared | Event::NameUpdated) => false,
            // Reasoning shows nothing; but without marks the agent goes on with it.
            Kind::Event(Event::AgentReasoning) => !self.builder.is_marked(),
            Kind::Event(Event::ItemCompleted) => {
                let is_known = self.builder.whole_items && self.builder.is_marked();
                !is_known || peek::item_type(payload) != Some(b"Reasoning")
            }
            Kind::ResponseItem => {
                self.builder.wants(kind, payload)
                    && (peek::may_be_call(payload) || peek::heard(payload) != Heard::Nothing)
            }
            kind => self.builder.wants(kind, payload),
        }
    }

    fn parse(&mut self, line: &RawLine<'_>, head: Option<Head<'_>>, before: &[u8]) -> json::Result<()> {
        let text = std::str::from_utf8(line.bytes).map_err(|_| NotJson)?;
        let place = |time: Option<LineTime>| Place {
            offset: line.offset,
            end: line.end,
            at: time.and_then(|time| time.timestamp()),
        };
        // The payload ends the line in every version we know; where it does not, the whole line is
        // parsed.
        if let Some(head) = head {
            if matches!(head.kind, Kind::TurnContext | Kind::Event(Event::SettingsApplied)) {
                let fact = self.repeated.fact(line.bytes, head)?;
                self.take_settings(fact);
                return Ok(());
            }
            let payload = text.get(head.payload..text.len() - 1).ok_or(NotJson)?;
            let record = Record { kind: head.kind, payload, place: place(LineTime::now(head.time)) };
            if self.take(record, line, before).is_ok() {
                return Ok(());
            }
        }
        let envelope = Envelope::read(text)?;
        let (kind, payload) = (envelope.kind(), envelope.payload());
        self.take(Record { kind, payload, place: place(envelope.time()) }, line, before)
    }

    /// Takes a parsed line. Does nothing if the payload is no JSON.
    fn take(&mut self, record: Record<'_>, line: &RawLine<'_>, before: &[u8]) -> json::Result<()> {
        let Record { kind, payload, place } = record;
        match kind {
            Kind::TurnContext | Kind::Event(Event::SettingsApplied) => {
                self.take_settings(read::fact(kind, payload, place.at)?);
            }
            Kind::Event(Event::TokenCount) => {
                let (total, last) = tokens::count_by_kind(payload)?;
                self.usage.count(place.at, total, last);
            }
            Kind::TokenUsage => {
                let (usage, total) = tokens::record_by_kind(payload)?;
                self.usage.record(place.at, usage, total);
            }
            Kind::OtherUsage => {
                self.usage.other(place.at, &OtherUsage::read(payload)?);
                return Ok(());
            }
            _ => self.take_fact(kind, place, read::fact(kind, payload, place.at)?, line, before),
        }
        self.origin.first_line_at = self.origin.first_line_at.or(place.at);
        Ok(())
    }

    fn take_settings(&mut self, fact: Fact<'_>) {
        match fact {
            Fact::TurnContext(turn) => self.usage.model = turn.model,
            Fact::SettingsApplied(settings) if settings.model.is_some() => self.usage.model = settings.model,
            _ => {}
        }
    }

    fn take_fact(&mut self, kind: Kind, place: Place, fact: Fact<'_>, line: &RawLine<'_>, before: &[u8]) {
        match fact {
            Fact::SessionMeta(meta) => return self.origin.name(&meta),
            Fact::RolledBack { turns } => {
                if let Some(turn) = self.builder.close() {
                    self.end_turn(turn, place.offset);
                }
                self.usage.roll_back();
                let (offset, ordinal) = (place.offset, head::ordinal(line.bytes));
                return self.rollbacks.push(Rollback { offset, ordinal, turns });
            }
            _ => {}
        }
        let begun = self.builder.begun;
        let ended = self.builder.take(place, kind, fact);
        let begins = self.builder.begun > begun;
        if let Some(turn) = ended {
            self.end_turn(turn, if begins { place.offset } else { place.end });
        }
        if begins {
            let guard = self.file.guard(before);
            let mut before = self.state(ProjectionCheckpoint::new(place.offset, line.number - 1, guard));
            before.turns = begun;
            self.open = Some(OpenTurn { ordinal: head::ordinal(line.bytes), before });
        }
    }

    fn end_turn(&mut self, turn: Turn, end: u64) {
        let Some(OpenTurn { ordinal, before }) = self.open.take() else { return };
        self.spans.push(TurnSpan {
            id: turn.id,
            number: before.turns + 1,
            offset: turn.offset,
            end,
            ordinal,
            status: turn.status,
            error: turn.error,
            started_at: turn.started_at,
            completed_at: turn.completed_at,
            duration_ms: turn.duration_ms,
            first_words: None,
            inherited: turn.inherited,
            whole_items: before.whole_items,
        });
    }

    /// Returns a checkpoint with the state after the lines so far.
    fn state(&self, mut at: ProjectionCheckpoint) -> ProjectionCheckpoint {
        (at.turns, at.whole_items) = (self.builder.begun, self.builder.whole_items);
        (at.skipped, at.origin) = (self.skipped.clone(), self.origin.clone());
        at.usage = self.usage.clone();
        at
    }

    /// Ends the pass after the last line, where the checkpoint `end` stands. Returns the checkpoint
    /// from which to go on.
    pub(super) fn finish(&mut self, end: ProjectionCheckpoint) -> ProjectionCheckpoint {
        let end_offset = end.offset;
        let open = self.open.as_ref().map(|open| open.before.clone());
        let checkpoint = match open {
            // Only the source of copied lines says where they end.
            _ if self.is_copied() => ProjectionCheckpoint::new(0, 0, 0),
            Some(before) => before,
            None => self.state(end),
        };
        if let Some(turn) = self.builder.close() {
            self.end_turn(turn, end_offset);
        }
        let passages = &mut self.builder.receiver;
        // Words that only the model has heard came at the end of their turns.
        passages.all.sort_by_key(|passage| passage.offset);
        let mut words = std::mem::take(&mut passages.first_words).into_iter().peekable();
        for span in &mut self.spans {
            let word = words.next_if(|(turn, _)| *turn == span.offset);
            span.first_words = word.map(|(_, words)| words);
        }
        checkpoint
    }
}

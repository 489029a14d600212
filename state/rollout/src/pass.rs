//! One pass over a rollout's lines: each is taken into the state, kept for later, passed over, or counted as bad.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::checkpoint::Checkpoint;
use crate::event::Event;
use crate::line::{Envelope, Head, Kind};
use crate::metadata::State;
use crate::payload::{ItemCompleted, RawTurnContext, TokenCount, UserEvent, UserMessage};
use crate::raw;
use crate::raw_line::RawLine;
use crate::session_meta::RawSessionMeta;
use crate::skipped::{BadReason, SkippedLines};
use crate::time::LineTime;

/// How much memory for one line is held on to from file to file: more than such a line has in all but odd ones.
const MAX_RETAINED: usize = 64 * 1024;

/// Lines of which only the last counts: kept as bytes and parsed once. Reusable memory.
#[derive(Default)]
pub(crate) struct Kept {
    turn: KeptLine,
    tokens: KeptLine,
}

#[derive(Default)]
struct KeptLine {
    bytes: Vec<u8>,
    /// Where the payload starts; `None` when no line is kept.
    payload: Option<usize>,
}

impl Kept {
    /// Forgets what is kept, and gives back what one exceptionally long line took.
    pub(crate) fn give_back(&mut self) {
        for line in [&mut self.turn, &mut self.tokens] {
            line.payload = None;
            line.bytes.clear();
            line.bytes.shrink_to(MAX_RETAINED);
        }
    }

    /// How much memory is held between two files.
    #[cfg(test)]
    pub(crate) fn retained(&self) -> usize {
        self.turn.bytes.capacity() + self.tokens.bytes.capacity()
    }
}

impl KeptLine {
    fn keep(&mut self, line: &[u8], payload: usize) {
        self.bytes.clear();
        self.bytes.extend_from_slice(line);
        self.payload = Some(payload);
    }

    /// Takes the kept line, parsed. `Ok(None)` if there is none.
    fn take<'a, T: Deserialize<'a>>(&'a mut self) -> Result<Option<T>, NotJson> {
        self.payload.take().map(|payload| parse_payload(&self.bytes, payload)).transpose()
    }
}

/// A kept line turned out to say nothing, and what it replaced is gone: the file is read again, keeping none.
///
/// A pass that keeps none never says so.
#[derive(Debug)]
pub(crate) struct StartOver;

/// The line is not what it seemed to be.
struct NotJson;

impl From<serde_json::Error> for NotJson {
    fn from(_: serde_json::Error) -> Self {
        Self
    }
}

/// What a pass has found so far.
pub(crate) struct Pass<'k> {
    pub(crate) state: State,
    pub(crate) skipped: SkippedLines,
    last_time: Option<LineTime>,
    kept: &'k mut Kept,
    keep: bool,
}

impl<'k> Pass<'k> {
    /// Goes on from `from`. With `keep`, lines of which only the last counts are parsed at the end.
    pub(crate) fn new(kept: &'k mut Kept, keep: bool, from: Option<&Checkpoint>) -> Self {
        kept.turn.payload = None;
        kept.tokens.payload = None;
        let (state, skipped) =
            from.map(|from| (from.state.clone(), from.skipped.clone())).unwrap_or_default();
        Self { state, skipped, last_time: None, kept, keep }
    }

    /// Goes on from a state, and parses every line at once: the state is complete after each.
    pub(crate) fn line_by_line(kept: &'k mut Kept, state: State) -> Self {
        Self { state, skipped: SkippedLines::default(), last_time: None, kept, keep: false }
    }

    /// The state after all lines that were taken.
    pub(crate) fn into_state(mut self) -> State {
        self.set_last_time();
        self.state
    }

    /// Whether a line with this head is worth the memory to be read whole.
    pub(crate) fn wants(head: &[u8]) -> bool {
        Head::canonical(head).is_none_or(|head| head.kind != Kind::Other)
    }

    /// Takes a line.
    pub(crate) fn read(&mut self, line: &RawLine<'_>) {
        if line.is_blank() {
            return;
        }
        let head = Head::canonical(line.bytes);
        if let Some(reason) = line.fault(head.is_none_or(|head| head.kind != Kind::Other)) {
            return self.skip(line, reason);
        }
        let taken = match head {
            Some(head) => self.read_canonical(line, &head),
            None => self.read_envelope(line),
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

    /// Parses what was kept. After this the state is complete.
    pub(crate) fn settle(&mut self) -> Result<(), StartOver> {
        if !self.keep {
            // Every line was parsed when it was read.
            self.set_last_time();
            return Ok(());
        }
        if let Some(turn) = self.kept.turn.take::<RawTurnContext<'_>>().map_err(|NotJson| StartOver)? {
            self.state.set_turn(turn.read());
        }
        if let Some(tokens) = self.kept.tokens.take::<TokenCount<'_>>().map_err(|NotJson| StartOver)? {
            self.state.set_tokens(tokens.total().ok_or(StartOver)?);
        }
        if let Some(time) = self.last_time.take() {
            self.state.set_last_line_time(time.timestamp().ok_or(StartOver)?);
        }
        Ok(())
    }

    fn set_last_time(&mut self) {
        if let Some(time) = self.last_time.take().and_then(|time| time.timestamp()) {
            self.state.set_last_line_time(time);
        }
    }

    fn read_canonical(&mut self, line: &RawLine<'_>, head: &Head<'_>) -> Result<(), NotJson> {
        match head.kind {
            Kind::TurnContext if self.keep => self.kept.turn.keep(line.bytes, head.payload),
            Kind::TokenCount if self.keep => self.kept.tokens.keep(line.bytes, head.payload),
            Kind::UserMessage | Kind::ItemCompleted if !self.heeds_user() => {}
            Kind::Other => {}
            Kind::SessionMeta => {
                let meta = parse_payload::<RawSessionMeta<'_>>(line.bytes, head.payload)?;
                self.state.set_session(meta.read());
            }
            Kind::TurnContext => {
                let turn = parse_payload::<RawTurnContext<'_>>(line.bytes, head.payload)?;
                self.state.set_turn(turn.read());
            }
            Kind::TokenCount => self.set_tokens(&parse_payload(line.bytes, head.payload)?),
            Kind::UserMessage => {
                self.state
                    .set_user_message(&parse_payload::<UserEvent<'_>>(line.bytes, head.payload)?.message());
            }
            Kind::ItemCompleted => {
                self.set_item(&parse_payload(line.bytes, head.payload)?);
            }
            Kind::Turn(mark) => {
                let event = parse_payload::<Event<'_>>(line.bytes, head.payload)?;
                self.state.run.take(mark, event.turn_id().as_deref());
            }
        }
        self.set_time(if self.keep { LineTime::later(head.time) } else { LineTime::now(head.time) });
        Ok(())
    }

    fn read_envelope(&mut self, line: &RawLine<'_>) -> Result<(), NotJson> {
        let envelope = read_line(line.bytes)?;
        let payload = envelope.payload.map_or("", |payload| payload.get());
        match envelope.kind() {
            Kind::SessionMeta => {
                self.state.set_session(raw::read::<RawSessionMeta<'_>>(payload)?.read());
            }
            Kind::TurnContext => {
                self.state.set_turn(raw::read::<RawTurnContext<'_>>(payload)?.read());
                self.kept.turn.payload = None;
            }
            Kind::TokenCount => self.set_tokens(&raw::read(payload)?),
            Kind::UserMessage => {
                self.state.set_user_message(&raw::read::<UserEvent<'_>>(payload)?.message());
            }
            Kind::ItemCompleted => self.set_item(&raw::read(payload)?),
            Kind::Turn(mark) => {
                let event = raw::read::<Event<'_>>(payload)?;
                self.state.run.take(mark, event.turn_id().as_deref());
            }
            Kind::Other if envelope.is_header() => {
                self.state.set_session(envelope.header().read());
            }
            Kind::Other if envelope.is_bare_user_message() => {
                self.state.set_bare_message(&UserMessage::of_content(envelope.content));
            }
            Kind::Other => {}
        }
        self.set_time(envelope.time());
        Ok(())
    }

    fn set_tokens(&mut self, tokens: &TokenCount<'_>) {
        if let Some(total) = tokens.total() {
            self.state.set_tokens(total);
            self.kept.tokens.payload = None;
        }
    }

    /// Whether it matters what the user says, or that they do.
    fn heeds_user(&self) -> bool {
        !self.state.has_first_user_message() || self.state.run.heeds_user()
    }

    fn set_item(&mut self, item: &ItemCompleted<'_>) {
        if self.heeds_user()
            && let Some(message) = item.user_message()
        {
            self.state.set_user_message(&message);
        }
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

/// Parses the payload of a line whose head is canonical up to it. The payload ends the line in every version we know;
/// where it does not, the whole line is parsed.
fn parse_payload<'a, T: Deserialize<'a>>(line: &'a [u8], payload: usize) -> Result<T, NotJson> {
    let from_payload = &line[payload..];
    let mut stream = serde_json::Deserializer::from_slice(from_payload).into_iter::<T>();
    if let Some(Ok(value)) = stream.next()
        && from_payload[stream.byte_offset()..] == *b"}"
    {
        return Ok(value);
    }
    let envelope = read_line(line)?;
    Ok(raw::read(envelope.payload.ok_or(NotJson)?.get())?)
}

fn read_line(line: &[u8]) -> Result<Envelope<'_>, NotJson> {
    let text = std::str::from_utf8(line).map_err(|_| NotJson)?;
    Ok(raw::read(text)?)
}

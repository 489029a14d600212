//! Kind and time of a line from its first bytes, without parsing it.
//!
//! This is an optimisation and nothing else: [`Head::canonical`] returns `None` whenever it is not
//! sure, and then the [`Envelope`](super::envelope::Envelope) decides.

use super::envelope::Envelope;
use super::fact::Fact;
use super::kind::{Event, Kind};
use super::peek::word;
use super::{event, read, tokens};
use crate::json::{self, NotJson};
use crate::time::LineTime;

/// First bytes of a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) kind: Kind,
    pub(crate) time: &'a [u8],
    /// Start of the payload.
    pub(crate) payload: usize,
}

impl<'a> Head<'a> {
    /// Reads `{"timestamp":"…",` `"ordinal":N,` `"type":"…","payload":{` `"type":"…"`; `None` if
    /// the line has another shape.
    #[inline]
    pub(crate) fn canonical(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_prefix(b"{\"timestamp\":\"")?;
        let (time, rest) = time(rest)?;
        let mut rest = rest.strip_prefix(b"\",\"")?;
        if let Some(ordinal) = rest.strip_prefix(b"ordinal\":") {
            let digits = ordinal.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
            rest = ordinal.get(digits..)?.strip_prefix(b",\"").filter(|_| digits > 0)?;
        }
        let rest = rest.strip_prefix(b"type\":\"")?;
        // Most lines are one of these two, whose names are compared at once.
        if let Some(payload) = rest.strip_prefix(b"response_item\",\"payload\":{") {
            return Some(Self { kind: Kind::ResponseItem, time, payload: line.len() - payload.len() - 1 });
        }
        if let Some(payload) = rest.strip_prefix(b"event_msg\",\"payload\":{\"type\":\"") {
            let (name, after) = word(payload)?;
            let mut kind = Event::of(name).map_or(Kind::Other, Kind::Event);
            // Most counts come without info, at the start of a turn; those change nothing.
            if kind == Kind::Event(Event::TokenCount) && after.starts_with(b"\",\"info\":null,") {
                kind = Kind::Other;
            }
            return Some(Self { kind, time, payload: line.len() - payload.len() - b"{\"type\":\"".len() });
        }
        let (name, rest) = word(rest)?;
        let payload = rest.strip_prefix(b"\",\"payload\":{")?;
        let kind = Kind::of(name, || None)?;
        Some(Self { kind, time, payload: line.len() - payload.len() - 1 })
    }

    /// Reads the line's fact as far as metadata needs it: no times and words of a turn's marks.
    pub(crate) fn fact(self, line: &[u8]) -> json::Result<Fact<'_>> {
        if let Some(fact) = tokens::quick(self.kind, line.get(self.payload..).ok_or(NotJson)?) {
            return Ok(fact);
        }
        let text = std::str::from_utf8(line).map_err(|_| NotJson)?;
        // The payload ends the line in every version we know; where it does not, the whole line is
        // parsed.
        let payload = text.get(self.payload..text.len() - 1).ok_or(NotJson)?;
        if let Kind::Event(event) = self.kind
            && let Ok(Some(mark)) = event::mark(event, payload)
        {
            return Ok(mark);
        }
        // Of other kinds, only `Lines` shows the time.
        let has_time = matches!(self.kind, Kind::Event(Event::NameUpdated | Event::ItemCompleted));
        let at = has_time.then(|| LineTime::later(self.time));
        let at = at.flatten().and_then(|time| time.timestamp());
        read::fact(self.kind, payload, at).or_else(|_| Envelope::read(text)?.fact())
    }
}

/// Splits the time from its closing quote on.
///
/// Most times have 24 bytes with these marks, and the bytes between are not looked at. A quote or
/// a backslash there would leave no JSON that continues with `,"`, or a text that is no time. The
/// century is compared: a quote in it would leave room for another key before the next mark.
#[inline]
fn time(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    const USUAL: &[u8; 24] = b"20__-__-__T__:__:__.___Z";
    let is_usual = |time: &[u8; 24]| time.iter().zip(USUAL).all(|(byte, mark)| *mark == b'_' || byte == mark);
    match rest.split_first_chunk() {
        Some((time, rest)) if rest.first() == Some(&b'"') && is_usual(time) => Some((time, rest)),
        _ => word(rest),
    }
}

/// Returns the ordinal of a line; `None` if it has none.
pub(crate) fn ordinal(line: &[u8]) -> Option<u64> {
    let canonical = || {
        let (_, rest) = time(line.strip_prefix(b"{\"timestamp\":\"")?)?;
        let digits = rest.strip_prefix(b"\",\"ordinal\":")?;
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        std::str::from_utf8(&digits[..length]).ok()?.parse().ok()
    };
    canonical().or_else(|| {
        let [ordinal] = json::fields(std::str::from_utf8(line).ok()?, ["ordinal"]).ok()?;
        json::number(ordinal)
    })
}

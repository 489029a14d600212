//! Kind and time of a line from its first bytes, without parsing it.
//!
//! This is an optimisation and nothing else: [`Head::canonical`] returns `None` whenever it is not
//! sure, and then the [`Envelope`](super::envelope::Envelope) decides.

use super::envelope::Envelope;
use super::fact::Fact;
use super::kind::{Event, Kind};
use super::read;
use crate::json::{self, NotJson};

/// The length of a time in milliseconds, as every version since 2025 has written it.
const TIME: usize = "YYYY-MM-DDThh:mm:ss.mmmZ".len();

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

    /// Reads the line's fact.
    pub(crate) fn fact(self, line: &[u8]) -> json::Result<Fact<'_>> {
        let text = std::str::from_utf8(line).map_err(|_| NotJson)?;
        // The payload ends the line in every version we know; where it does not, the whole line is
        // parsed.
        let payload = text.get(self.payload..text.len() - 1).ok_or(NotJson)?;
        read::fact(self.kind, payload, None).or_else(|_| Envelope::read(text)?.fact())
    }
}

/// Splits a string from its closing quote on. It has no escapes, and most often the usual length.
#[inline]
fn time(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    // Without an early return, this is vector code.
    let is_plain = |time: &[u8; TIME]| time.iter().fold(0, |found, byte| found | u8::from(is_end(byte))) == 0;
    match rest.split_first_chunk::<TIME>() {
        Some((time, rest)) if rest.first() == Some(&b'"') && is_plain(time) => Some((time, rest)),
        _ => word(rest),
    }
}

/// Splits a short string without escapes from its closing quote on.
#[inline]
fn word(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = rest.iter().take(64).position(is_end)?;
    (rest[end] == b'"').then(|| rest.split_at(end))
}

#[inline]
fn is_end(byte: &u8) -> bool {
    matches!(byte, b'"' | b'\\')
}

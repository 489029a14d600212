//! Kind and time of a line from its first bytes, without parsing it.
//!
//! This is an optimisation and nothing else: [`Head::canonical`] returns `None` whenever it is not sure, and then the
//! [`Envelope`](super::envelope::Envelope) decides.

use super::envelope::Envelope;
use super::fact::Fact;
use super::kind::{Event, Kind};
use super::read;

/// The length of a time in milliseconds, as every version since 2025 has written it.
const TIME: usize = "YYYY-MM-DDThh:mm:ss.mmmZ".len();

/// First bytes of a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) kind: Kind,
    pub(crate) time: &'a [u8],
    /// Where the payload starts.
    pub(crate) payload: usize,
}

impl<'a> Head<'a> {
    /// Reads `{"timestamp":"…",` `"ordinal":N,` `"type":"…","payload":{` `"type":"…"`; `None` if the line has another
    /// shape.
    #[inline]
    pub(crate) fn canonical(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_prefix(b"{\"timestamp\":\"")?;
        let (time, rest) = quoted(rest, TIME)?;
        let mut rest = rest.strip_prefix(b",")?;
        if let Some(ordinal) = rest.strip_prefix(b"\"ordinal\":") {
            let digits = ordinal.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
            rest = ordinal.get(digits..)?.strip_prefix(b",").filter(|_| digits > 0)?;
        }
        let rest = rest.strip_prefix(b"\"type\":\"")?;
        // Most lines are one of these two, both with names of a known length.
        let length = if rest.starts_with(b"response_item") { 13 } else { 9 };
        let (line_type, rest) = quoted(rest, length)?;
        let rest = rest.strip_prefix(b",\"payload\":")?;
        let payload = line.len() - rest.len();
        let rest = rest.strip_prefix(b"{")?;
        let mut after_type = rest;
        let mut kind = Kind::of(line_type, || {
            let (payload_type, rest) = quoted(rest.strip_prefix(b"\"type\":\"")?, 11)?;
            after_type = rest;
            Some(payload_type)
        })?;
        // Most counts come without info, at the start of a turn; those change nothing.
        if kind == Kind::Event(Event::TokenCount) && after_type.starts_with(b",\"info\":null,") {
            kind = Kind::Other;
        }
        Some(Self { kind, time, payload })
    }

    /// Reads the fact that the line tells.
    pub(crate) fn fact(self, line: &[u8]) -> Result<Fact<'_>, NotJson> {
        let text = std::str::from_utf8(line).map_err(|_| NotJson)?;
        // The payload ends the line in every version we know; where it does not, the whole line is parsed.
        let payload = text.get(self.payload..text.len() - 1).ok_or(NotJson)?;
        read::fact(self.kind, payload, None).or_else(|_| Ok(Envelope::read(text)?.fact()?))
    }
}

/// The line is not what its first bytes seemed to say.
#[derive(Debug)]
pub(crate) struct NotJson;

impl From<serde_json::Error> for NotJson {
    fn from(_: serde_json::Error) -> Self {
        Self
    }
}

/// Splits the rest of a short string without escapes from the bytes behind it. It is probably `likely` bytes long.
#[inline]
fn quoted(bytes: &[u8], likely: usize) -> Option<(&[u8], &[u8])> {
    let is_end = |byte: &u8| matches!(byte, b'"' | b'\\');
    let end = match bytes.get(..=likely) {
        Some(head) if head[likely] == b'"' && !head[..likely].iter().any(is_end) => likely,
        _ => bytes.iter().take(64).position(is_end)?,
    };
    (bytes[end] == b'"').then(|| (&bytes[..end], &bytes[end + 1..]))
}

//! What a line is: its time and kind from its first bytes where they have the canonical shape, else from all of it.
//!
//! The first bytes are an optimisation and nothing else: [`Head::canonical`] says `None` whenever it is not sure, and
//! then [`Envelope`] decides.

use std::borrow::Cow;

use serde::Deserialize;

use crate::raw::{self, Raw};
use crate::raw_line::RawLine;
use crate::run::Mark;
use crate::session_meta::RawSessionMeta;
use crate::skipped::BadReason;
use crate::time::LineTime;

/// The kinds of line that can say something about a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `session_meta`.
    SessionMeta,
    /// `turn_context`.
    TurnContext,
    /// `event_msg` / `token_count`.
    TokenCount,
    /// `event_msg` / `user_message`.
    UserMessage,
    /// `event_msg` / `item_completed`.
    ItemCompleted,
    /// `event_msg` / `task_started`, `task_complete`, …: how a turn goes.
    Turn(Mark),
    /// Anything else, also what is not known yet.
    Other,
}

impl Kind {
    fn of(line_type: &[u8], payload_type: impl FnOnce() -> Option<Self>) -> Option<Self> {
        match line_type {
            b"session_meta" => Some(Self::SessionMeta),
            b"turn_context" => Some(Self::TurnContext),
            b"event_msg" => payload_type(),
            _ => Some(Self::Other),
        }
    }

    fn of_event(payload_type: &[u8]) -> Self {
        match payload_type {
            b"token_count" => Self::TokenCount,
            b"user_message" => Self::UserMessage,
            b"item_completed" => Self::ItemCompleted,
            other => Mark::of(other).map_or(Self::Other, Self::Turn),
        }
    }
}

/// What the first bytes of a line say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) kind: Kind,
    pub(crate) time: &'a [u8],
    /// Where the payload starts.
    pub(crate) payload: usize,
}

impl<'a> Head<'a> {
    /// Reads `{"timestamp":"…",` `"ordinal":N,` `"type":"…","payload":{` `"type":"…"`; `None` if there is another
    /// shape.
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
        let kind = Kind::of(line_type, || {
            let (payload_type, rest) = quoted(rest.strip_prefix(b"\"type\":\"")?, 11)?;
            let kind = Kind::of_event(payload_type);
            // Most counts come with no info, at the start of a turn; those change nothing.
            let empty = kind == Kind::TokenCount && rest.starts_with(b",\"info\":null,");
            Some(if empty { Kind::Other } else { kind })
        })?;
        Some(Self { kind, time, payload })
    }
}

/// The length of a time in milliseconds, as every version since 2025 has written it.
const TIME: usize = "YYYY-MM-DDThh:mm:ss.mmmZ".len();

/// Reads the rest of a short string without escapes, and what follows it. It is probably `likely` bytes long.
fn quoted(bytes: &[u8], likely: usize) -> Option<(&[u8], &[u8])> {
    let is_end = |byte: &u8| matches!(byte, b'"' | b'\\');
    let end = match bytes.get(..=likely) {
        Some(head) if head[likely] == b'"' && !head[..likely].iter().any(is_end) => likely,
        _ => bytes.iter().take(64).position(is_end)?,
    };
    (bytes[end] == b'"').then(|| (&bytes[..end], &bytes[end + 1..]))
}

/// The `type` of an object, most often its first key.
pub(crate) fn type_of(object: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(borrow, default, rename = "type")]
        type_: Raw<'a>,
    }
    let first = object.as_bytes().strip_prefix(b"{\"type\":\"").and_then(|rest| quoted(rest, 7));
    match first {
        Some((name, _)) => std::str::from_utf8(name).ok().map(Cow::Borrowed),
        None => raw::text(raw::read::<Typed<'_>>(object).ok()?.type_),
    }
}

/// A whole line. The oldest versions wrote bare lines: a header with an `id`, and items without an envelope.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, default)]
    pub(crate) timestamp: Raw<'a>,
    #[serde(borrow, default, rename = "type")]
    pub(crate) line_type: Raw<'a>,
    #[serde(borrow, default)]
    pub(crate) payload: Raw<'a>,
    #[serde(borrow, default)]
    pub(crate) record_type: Raw<'a>,
    #[serde(borrow, default)]
    pub(crate) id: Raw<'a>,
    #[serde(borrow, default)]
    pub(crate) git: Raw<'a>,
    #[serde(borrow, default)]
    pub(crate) role: Raw<'a>,
    #[serde(borrow, default)]
    pub(crate) content: Raw<'a>,
}

impl<'a> Envelope<'a> {
    /// Reads a line that is not blank; gives it back as text, too.
    pub(crate) fn read(line: &RawLine<'a>) -> Result<(Self, &'a str), BadReason> {
        line.parse(|text| Some((raw::read(text).ok()?, text)))
    }

    /// The line's kind. A bare line has none.
    pub(crate) fn kind(&self) -> Kind {
        let Some(line_type) = raw::text(self.line_type).filter(|_| self.payload.is_some()) else {
            return Kind::Other;
        };
        let of_event = || type_of(self.payload?.get()).map(|name| Kind::of_event(name.as_bytes()));
        Kind::of(line_type.as_bytes(), of_event).unwrap_or(Kind::Other)
    }

    pub(crate) fn time(&self) -> Option<LineTime> {
        raw::text(self.timestamp).and_then(|text| LineTime::now(text.as_bytes()))
    }

    /// What the header says.
    pub(crate) fn header(&self) -> RawSessionMeta<'a> {
        RawSessionMeta::header(self.id, self.timestamp, self.git)
    }

    /// Whether this is the header that the oldest files begin with: an id and a time, and no type.
    pub(crate) fn is_header(&self) -> bool {
        self.id.is_some()
            && self.timestamp.is_some()
            && self.line_type.is_none()
            && self.record_type.is_none()
    }

    /// Whether this is a bare message of the user's.
    pub(crate) fn is_bare_user_message(&self) -> bool {
        self.payload.is_none()
            && raw::text(self.line_type).is_some_and(|name| name == "message")
            && raw::text(self.role).is_some_and(|role| role == "user")
    }
}

//! What a line says, typed where we use it.

use jiff::Timestamp;

use crate::event::{self, Event};
use crate::line::Envelope;
use crate::payload::{RawCompacted, RawTurnContext, TurnContext, UserMessage};
use crate::raw;
use crate::response_item::ResponseItem;
use crate::session_meta::{RawSessionMeta, SessionMeta};
use crate::text::{self, bounded};
use crate::turn::{MAX_ITEM_TEXT, TurnItem, TurnItemKind, TurnStatus};

/// What a [`Line`](crate::Line) says. Fields that are not known are passed over; the line has the JSON of all of them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Item<'a> {
    /// `session_meta`, and the header that the oldest files begin with.
    SessionMeta(Box<SessionMeta>),
    /// `turn_context`.
    TurnContext(TurnContext),
    /// `event_msg` / `task_started`: a turn begins.
    TurnStarted {
        /// The turn.
        turn_id: Option<String>,
        /// The turn that caused it, possibly itself.
        root_turn_id: Option<String>,
        /// When it began: the line's time, else the one in it.
        started_at: Option<Timestamp>,
    },
    /// `event_msg` / `task_complete` and `turn_aborted`: a turn ends.
    TurnEnded {
        /// The turn.
        turn_id: Option<String>,
        /// [`TurnStatus::Completed`] or [`TurnStatus::Interrupted`].
        status: TurnStatus,
        /// When it ended: the line's time, else the one in it.
        completed_at: Option<Timestamp>,
        /// How long it took.
        duration_ms: Option<u64>,
    },
    /// `event_msg` / `error`: the turn fails.
    TurnFailed {
        /// What went wrong.
        message: String,
    },
    /// Something happens in a turn: `event_msg` / `item_completed` of newer versions; `user_message`, `agent_message`,
    /// `agent_reasoning`, … of older ones; and the bare messages of the oldest files, but for what the agent wrote in
    /// the user's name. No version says the same thing in two of these.
    TurnItem {
        /// The turn it belongs to, where the line says so.
        turn_id: Option<String>,
        /// What happens.
        item: TurnItem,
    },
    /// `event_msg` / `token_count`.
    TokenCount {
        /// The tokens the thread has used so far, where it says so. Never negative.
        total: Option<i64>,
    },
    /// `response_item`, and the bare items of the oldest files.
    ResponseItem(ResponseItem<'a>),
    /// `compacted`: the conversation so far has been summed up.
    Compacted {
        /// The summary, where the line has one.
        message: Option<String>,
    },
    /// Any other line, also of types that are not known yet: passed through, see
    /// [`Line::payload`](crate::Line::payload).
    Other,
}

impl<'a> Item<'a> {
    /// Reads a line that was written `at`. The payload of a bare line is the line itself.
    pub(crate) fn read(envelope: &Envelope<'a>, payload: &'a str, at: Option<Timestamp>) -> Self {
        let item = match raw::text(envelope.line_type).as_deref() {
            _ if envelope.payload.is_none() => Some(Self::read_bare(envelope, payload, at)),
            Some("session_meta") => raw::parse::<RawSessionMeta<'_>>(envelope.payload)
                .map(|meta| Self::SessionMeta(meta.read().into())),
            Some("turn_context") => {
                raw::parse::<RawTurnContext<'_>>(envelope.payload).map(|turn| Self::TurnContext(turn.read()))
            }
            Some("event_msg") => Event::read(payload, at),
            Some("response_item") => Some(Self::ResponseItem(ResponseItem::new(payload))),
            Some("compacted") => raw::parse::<RawCompacted<'_>>(envelope.payload)
                .map(|compacted| Self::Compacted { message: compacted.message() }),
            _ => None,
        };
        item.unwrap_or(Self::Other)
    }

    /// The oldest files have items without an envelope, and the agent's own blocks in the user's name.
    fn read_bare(envelope: &Envelope<'a>, line: &'a str, at: Option<Timestamp>) -> Self {
        if envelope.is_header() {
            return Self::SessionMeta(envelope.header().read().into());
        }
        let message = || UserMessage::of_content(envelope.content);
        let kind = match (raw::text(envelope.line_type).as_deref(), raw::text(envelope.role).as_deref()) {
            (Some("message"), Some("user")) => {
                Some(message()).filter(|message| !text::is_injected(&message.text)).map(event::user_message)
            }
            (Some("message"), Some("assistant")) => {
                let text = bounded(&message().text, MAX_ITEM_TEXT);
                Some(TurnItemKind::AgentMessage { text, phase: None })
            }
            (None, _) => return Self::Other,
            _ => None,
        };
        match kind {
            Some(kind) => Self::TurnItem { turn_id: None, item: TurnItem { id: None, at, kind } },
            None => Self::ResponseItem(ResponseItem::new(line)),
        }
    }
}

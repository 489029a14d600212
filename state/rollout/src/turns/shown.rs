//! Parts of a turn, as single lines show them.

use std::borrow::Cow;

use jiff::Timestamp;

use super::turn::{ItemsView, Turn};
use crate::format::call;
use crate::format::fact::Fact;
use crate::format::item::{TurnItem, TurnItemKind};
use crate::format::tool_call::ToolCall;
use crate::format::user_message::UserMessage;
use crate::text::{MAX_ITEM_TEXT, bounded};

/// Place and time of a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    /// Byte where the next line starts.
    pub(crate) end: u64,
    pub(crate) at: Option<Timestamp>,
}

/// Part of a turn, from one line.
#[derive(Debug)]
pub(crate) enum Shown<'a> {
    Item(TurnItem),
    /// Words of the user's that only the model has heard. They count in a turn that has no others.
    Heard(TurnItem),
    /// A tool's answer to a call.
    Answer {
        call_id: String,
        output: Cow<'a, str>,
    },
}

impl<'a> Shown<'a> {
    /// Returns the part that a fact of a line shows; `None` if it shows none.
    pub(crate) fn of(fact: Fact<'a>, at: Option<Timestamp>) -> Option<Self> {
        Some(match fact {
            Fact::UserMessage { message, .. } if !message.injected => Self::Item(said(message, at)),
            Fact::ModelHears(message) => {
                message.request()?;
                Self::Heard(said(message, at))
            }
            Fact::TurnItem { item, .. } => Self::Item(item),
            Fact::ToolCall(ToolCall::Made { call_id, name, arguments }) => {
                let id = Some(call_id).filter(|id| !id.is_empty());
                Self::Item(TurnItem { id, at, kind: call::item(name, &arguments), written: None })
            }
            Fact::ToolCall(ToolCall::Answered { call_id, output }) => Self::Answer { call_id, output },
            _ => return None,
        })
    }
}

fn said(message: UserMessage, at: Option<Timestamp>) -> TurnItem {
    let text = bounded(&message.text, MAX_ITEM_TEXT);
    let kind = TurnItemKind::UserMessage { text, images: message.images };
    TurnItem { id: message.id, at, kind, written: None }
}

/// Receiver of the parts of turns, in the order of their lines.
pub(crate) trait Receive {
    /// Returns true if items are wanted as the agent wrote them, too.
    fn wants_written(&self) -> bool {
        false
    }

    /// Takes a part of the open turn. Words that only the model has heard come at the turn's end,
    /// if it has no others.
    fn receive(&mut self, turn: &mut Turn, place: Place, shown: Shown<'_>);
}

/// Adds the items to the turn itself.
impl Receive for ItemsView {
    fn wants_written(&self) -> bool {
        matches!(self, Self::Written | Self::WrittenSummary)
    }

    fn receive(&mut self, turn: &mut Turn, _: Place, shown: Shown<'_>) {
        match shown {
            Shown::Item(item) => turn.push(item, *self),
            Shown::Heard(_) if *self == Self::None => turn.omitted_items += 1,
            Shown::Heard(words) => turn.items.insert(0, words),
            Shown::Answer { call_id, output } => turn.answer(&call_id, &output),
        }
    }
}

//! Lines that cannot change the open turn, known by their first bytes.
//!
//! This is an optimisation: outputs of tools are most of a rollout, and a summary shows none.

use super::builder::Builder;
use super::turn::ItemsView;
use crate::format::head::Head;
use crate::format::kind::{Event, Kind};
use crate::format::peek::{self, Heard};

impl Builder<ItemsView> {
    /// Returns true if a line within a marked turn is certain to change nothing that the view
    /// shows.
    pub(crate) fn leaves_out(&self, line: &[u8]) -> bool {
        let Some(head) = Head::canonical(line).filter(|_| self.is_marked()) else { return false };
        let payload = line.get(head.payload..).unwrap_or_default();
        let shows_tools = matches!(self.receiver, ItemsView::Full | ItemsView::Written);
        match head.kind {
            _ if shows_tools => !self.wants(head.kind, payload),
            Kind::ResponseItem => peek::heard(payload) == Heard::Nothing,
            Kind::Event(Event::ItemCompleted) => peek::item_type(payload).is_some_and(is_of_a_tool),
            kind => !self.wants(kind, payload),
        }
    }
}

/// Returns true for an item that is no message and begins no turn.
fn is_of_a_tool(item_type: &[u8]) -> bool {
    !matches!(item_type, b"UserMessage" | b"AgentMessage" | b"EnteredReviewMode")
}

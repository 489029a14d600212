//! A turn: a user's request, and the agent's work on it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::format::call;
use crate::format::item::{TurnItem, TurnItemKind, TurnStatus};

/// Turn of a thread.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Turn {
    /// The agent's id of the turn; `turn-<n>` (from 1) in files of versions that gave none.
    pub id: String,
    /// Id of the turn that caused this one, possibly its own.
    pub root_turn_id: Option<String>,
    /// Status.
    pub status: TurnStatus,
    /// Error message of a failed turn.
    pub error: Option<String>,
    /// Start.
    pub started_at: Option<Timestamp>,
    /// End.
    pub completed_at: Option<Timestamp>,
    /// Duration in milliseconds.
    pub duration_ms: Option<u64>,
    /// Items in their order. Empty in [`ItemsView::None`].
    pub items: Vec<TurnItem>,
    /// Number of items left out, because of the view or of [`MAX_TURN_ITEMS`].
    pub omitted_items: u64,
    /// Path in the home of the file in which the turn begins; only the name of a file without a
    /// home.
    pub file: String,
    /// Id that this file's name ends with.
    pub file_id: Option<Uuid>,
    /// (Decompressed) byte where the turn's first line starts.
    pub offset: u64,
    /// Ordinal of the first line, where lines have one.
    #[serde(skip)]
    pub ordinal: Option<u64>,
    /// True for a turn of the history that the thread was forked from.
    pub inherited: bool,
    /// Number of the file in its chain.
    #[serde(skip)]
    pub(crate) number: usize,
}

/// Place of a turn in its thread, for a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TurnPlace {
    /// Id that the file's name ends with.
    pub file_id: Option<Uuid>,
    /// (Decompressed) byte where the turn's first line starts.
    pub offset: u64,
}

/// Selection of a turn's items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ItemsView {
    /// No items.
    None,
    /// The user's messages and the agent's last one.
    #[default]
    Summary,
    /// The same, each also as the agent wrote it.
    WrittenSummary,
    /// All items.
    Full,
    /// All items, each also as the agent wrote it.
    Written,
}

/// The most items of a [`Turn`]; further ones are only counted.
pub const MAX_TURN_ITEMS: usize = 10_000;

impl Turn {
    /// Returns the turn's place.
    pub fn place(&self) -> TurnPlace {
        TurnPlace { file_id: self.file_id, offset: self.offset }
    }

    /// Returns the turn's place in the order of its chain.
    pub(crate) fn position(&self) -> (usize, u64) {
        (self.number, self.offset)
    }

    /// Notes that the turn does not go on.
    pub(crate) fn interrupt(&mut self) {
        if self.status == TurnStatus::InProgress {
            self.status = TurnStatus::Interrupted;
        }
    }

    pub(crate) fn push(&mut self, item: TurnItem, view: ItemsView) {
        let wanted = match view {
            ItemsView::None => false,
            ItemsView::Full | ItemsView::Written => true,
            ItemsView::Summary | ItemsView::WrittenSummary => match item.kind {
                TurnItemKind::UserMessage { .. } => true,
                TurnItemKind::AgentMessage { .. } => {
                    let is_agent = |item: &TurnItem| matches!(item.kind, TurnItemKind::AgentMessage { .. });
                    if let Some(earlier) = self.items.iter().position(is_agent) {
                        self.items.remove(earlier);
                        self.omitted_items += 1;
                    }
                    true
                }
                _ => false,
            },
        };
        if wanted && self.items.len() < MAX_TURN_ITEMS {
            self.items.push(item);
        } else {
            self.omitted_items += 1;
        }
    }

    /// Adds a tool's result to its call.
    pub(crate) fn answer(&mut self, call_id: &str, result: &str) {
        let calls = self.items.iter_mut().rev().filter(|item| item.id.as_deref() == Some(call_id));
        calls.map(|item| &mut item.kind).find_map(|kind| call::answer(kind, result).then_some(()));
    }
}

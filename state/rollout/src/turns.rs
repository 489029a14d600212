//! Reads the turns of a rollout, a page at a time.
//!
//! Newer versions mark where a turn begins and ends (`task_started`, `task_complete`, `turn_aborted`); in older ones a
//! turn begins with what the user says.

use std::collections::VecDeque;
use std::path::Path;

use jiff::Timestamp;

use crate::error::ExtractError;
use crate::item::Item;
use crate::lines::{Line, Lines};
use crate::response_item::{ResponseItem, ToolCall};
use crate::skipped::SkippedLines;
use crate::turn::{ItemsView, Turn, TurnItem, TurnItemKind, TurnStatus};

/// Which turns are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnQuery {
    /// Whether the newest come first. Default: no.
    pub newest_first: bool,
    /// How many at most. Default: 25.
    pub limit: usize,
    /// Only turns beyond the one at this [`Turn::offset`], in the query's direction. Default: from the first.
    pub after: Option<u64>,
    /// Which of their items. Default: [`ItemsView::Summary`].
    pub view: ItemsView,
}

impl Default for TurnQuery {
    fn default() -> Self {
        Self { newest_first: false, limit: 25, after: None, view: ItemsView::Summary }
    }
}

/// Some of a thread's turns.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct TurnPage {
    /// The turns, in the order asked for.
    pub turns: Vec<Turn>,
    /// Whether there are more beyond the last.
    pub more: bool,
    /// The lines that could not be read on the way.
    pub skipped: SkippedLines,
}

/// Reads a page of the turns of the rollout `file`. Holds no more turns in memory than the page has.
///
/// # Errors
/// [`ExtractError::Io`], [`ExtractError::NotAFile`], [`ExtractError::WindowTooLarge`], and
/// [`ExtractError::CompressionUnsupported`] without the feature `zstd`. Content is never an error.
pub fn list_turns(file: &Path, compressed: bool, query: &TurnQuery) -> Result<TurnPage, ExtractError> {
    let mut lines = Lines::open(file, compressed)?;
    let mut builder = Builder { view: query.view, ..Builder::default() };
    let mut page = Page { query, turns: VecDeque::new(), more: false };
    while let Some(line) = lines.next_line()? {
        let Ok(line) = line else { continue };
        builder.read(&line);
        if builder.ended.drain(..).any(|turn| page.take(turn)) {
            break;
        }
    }
    if let Some(turn) = builder.open.take() {
        page.take(turn.turn);
    }
    let turns = if query.newest_first { page.turns.into_iter().rev().collect() } else { page.turns.into() };
    Ok(TurnPage { turns, more: page.more, skipped: lines.skipped().clone() })
}

struct Page<'q> {
    query: &'q TurnQuery,
    turns: VecDeque<Turn>,
    more: bool,
}

impl Page<'_> {
    /// Takes the next turn of the file; `true` once nothing further is needed.
    fn take(&mut self, turn: Turn) -> bool {
        let TurnQuery { newest_first, limit, after, .. } = *self.query;
        if newest_first {
            if after.is_some_and(|after| turn.offset >= after) {
                return true;
            }
            self.turns.push_back(turn);
            if self.turns.len() > limit {
                self.turns.pop_front();
                self.more = true;
            }
            return false;
        }
        if self.more || after.is_some_and(|after| turn.offset <= after) {
            return self.more;
        }
        self.more = self.turns.len() >= limit;
        if !self.more {
            self.turns.push_back(turn);
        }
        self.more
    }
}

/// The turn that is being read.
struct Open {
    turn: Turn,
    /// Whether the agent said where it begins, and will say where it ends.
    marked: bool,
    /// Whether a reviewer's own turn is to come, which belongs to this one.
    awaits_reviewer: bool,
}

#[derive(Default)]
struct Builder {
    view: ItemsView,
    begun: u64,
    open: Option<Open>,
    ended: Vec<Turn>,
    /// Whether this version writes whole items, so that calls need not be pieced together.
    whole_items: bool,
}

impl Builder {
    fn read(&mut self, line: &Line<'_>) {
        // Other lines say nothing about turns; bare ones may.
        if !matches!(line.line_type.as_deref(), Some("event_msg" | "response_item") | None) {
            return;
        }
        self.whole_items |= line.payload_type().as_deref() == Some("item_completed");
        match line.item() {
            // The reviewer's turn, within the one that asked for the review.
            Item::TurnStarted { .. } if self.open.as_mut().is_some_and(Open::take_reviewer) => {}
            Item::TurnStarted { turn_id, root_turn_id, started_at } => {
                let open = self.begin(line.offset, started_at, turn_id, true);
                open.turn.root_turn_id = root_turn_id;
            }
            Item::TurnEnded { turn_id, status, completed_at, duration_ms } => {
                self.end(turn_id.as_deref(), status, completed_at, duration_ms);
            }
            Item::TurnFailed { message } => {
                if let Some(open) = &mut self.open {
                    open.turn.error = Some(message);
                    open.turn.status = TurnStatus::Failed;
                }
            }
            Item::TurnItem { turn_id, item } => {
                if matches!(item.kind, TurnItemKind::EnteredReview { .. }) {
                    self.await_reviewer(line.offset, item.at, turn_id);
                }
                self.add(line.offset, item);
            }
            Item::ResponseItem(item) => self.read_call(line.timestamp, item),
            _ => {}
        }
    }

    /// Calls and their answers stand only in response items, in versions that write no whole items.
    fn read_call(&mut self, at: Option<Timestamp>, item: ResponseItem<'_>) {
        let Some(open) = self.open.as_mut().filter(|_| !self.whole_items) else { return };
        match item.call() {
            Some(ToolCall::Made { call_id, name, arguments }) => {
                let kind = TurnItemKind::ToolCall { name, arguments, output: None };
                open.turn.push(TurnItem { id: Some(call_id), at, kind }, self.view);
                open.worked();
            }
            Some(ToolCall::Answered { call_id, output }) => open.turn.answer(&call_id, &output),
            None => {}
        }
    }

    fn add(&mut self, offset: u64, item: TurnItem) {
        let is_user = matches!(item.kind, TurnItemKind::UserMessage { .. });
        if is_user && self.open.as_ref().is_none_or(|open| !open.marked) {
            self.begin(offset, item.at, None, false);
        }
        if let Some(open) = &mut self.open {
            match item.kind {
                TurnItemKind::AgentMessage { .. } => open.said(item.at),
                // The agent sums up behind a turn's end, too.
                TurnItemKind::ContextCompaction => {}
                _ => open.worked(),
            }
            open.turn.push(item, self.view);
        }
    }

    /// A review is announced, in some versions before its turn begins.
    fn await_reviewer(&mut self, offset: u64, at: Option<Timestamp>, id: Option<String>) {
        if self.open.as_ref().is_none_or(|open| !open.marked) && id.is_some() {
            self.begin(offset, at, id, true);
        }
        if let Some(open) = &mut self.open {
            open.awaits_reviewer = true;
        }
    }

    fn begin(&mut self, offset: u64, at: Option<Timestamp>, id: Option<String>, marked: bool) -> &mut Open {
        if let Some(mut open) = self.open.take() {
            if open.turn.status == TurnStatus::InProgress {
                open.turn.status = TurnStatus::Interrupted;
            }
            self.ended.push(open.turn);
        }
        self.begun += 1;
        let turn = Turn {
            id: id.unwrap_or_else(|| format!("turn-{}", self.begun)),
            root_turn_id: None,
            status: TurnStatus::InProgress,
            error: None,
            started_at: at,
            completed_at: None,
            duration_ms: None,
            items: Vec::new(),
            omitted_items: 0,
            offset,
        };
        self.open.insert(Open { turn, marked, awaits_reviewer: false })
    }

    fn end(&mut self, id: Option<&str>, status: TurnStatus, at: Option<Timestamp>, duration_ms: Option<u64>) {
        // The end of a turn that another has interrupted already is not the other's.
        let is_meant = |open: &mut Open| !open.marked || id.is_none_or(|id| id == open.turn.id);
        let Some(mut open) = self.open.take_if(is_meant) else { return };
        open.turn.completed_at = at;
        open.turn.duration_ms = duration_ms;
        if open.turn.status != TurnStatus::Failed {
            open.turn.status = status;
        }
        self.ended.push(open.turn);
    }
}

impl Open {
    fn take_reviewer(&mut self) -> bool {
        std::mem::take(&mut self.awaits_reviewer)
    }

    /// In files that do not mark a turn's end, the agent's word is its end, until it goes on.
    fn said(&mut self, at: Option<Timestamp>) {
        if !self.marked && self.turn.status != TurnStatus::Failed {
            self.turn.status = TurnStatus::Completed;
            self.turn.completed_at = at;
        }
    }

    fn worked(&mut self) {
        if !self.marked && self.turn.status == TurnStatus::Completed {
            self.turn.status = TurnStatus::InProgress;
            self.turn.completed_at = None;
        }
    }
}

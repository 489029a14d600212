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
use crate::run::Run;
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
        page.take(turn);
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

#[derive(Default)]
struct Builder {
    view: ItemsView,
    begun: u64,
    /// Decides where a turn begins and ends.
    run: Run,
    /// The turn that is being read: the one that is open in `run`.
    open: Option<Turn>,
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
            Item::TurnStarted { turn_id, root_turn_id, started_at } => {
                let begins = self.run.start(turn_id.as_deref());
                if begins {
                    self.begin(line.offset, started_at, turn_id).root_turn_id = root_turn_id;
                }
            }
            Item::TurnEnded { turn_id, status, completed_at, duration_ms } => {
                if let Some(status) = self.run.end(turn_id.as_deref(), status) {
                    self.end(status, completed_at, duration_ms);
                }
            }
            Item::TurnFailed { message } => {
                if let Some(open) = self.open.as_mut().filter(|_| self.run.fail()) {
                    open.error = Some(message);
                    open.status = TurnStatus::Failed;
                }
            }
            Item::TurnItem { turn_id, item } => {
                let is_review = matches!(item.kind, TurnItemKind::EnteredReview { .. });
                if is_review && self.run.review(turn_id.as_deref()) {
                    self.begin(line.offset, item.at, turn_id);
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
                open.push(TurnItem { id: Some(call_id), at, kind }, self.view);
                self.worked();
            }
            Some(ToolCall::Answered { call_id, output }) => open.answer(&call_id, &output),
            None => {}
        }
    }

    fn add(&mut self, offset: u64, item: TurnItem) {
        let is_user = matches!(item.kind, TurnItemKind::UserMessage { .. });
        if is_user && self.run.user_speaks() {
            self.begin(offset, item.at, None);
        }
        match item.kind {
            TurnItemKind::AgentMessage { .. } => self.said(item.at),
            // The agent sums up behind a turn's end, too.
            TurnItemKind::ContextCompaction => {}
            _ => self.worked(),
        }
        if let Some(open) = &mut self.open {
            open.push(item, self.view);
        }
    }

    fn begin(&mut self, offset: u64, at: Option<Timestamp>, id: Option<String>) -> &mut Turn {
        if let Some(mut open) = self.open.take() {
            if open.status == TurnStatus::InProgress {
                open.status = TurnStatus::Interrupted;
            }
            self.ended.push(open);
        }
        self.begun += 1;
        self.open.insert(Turn {
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
        })
    }

    fn end(&mut self, status: TurnStatus, at: Option<Timestamp>, duration_ms: Option<u64>) {
        let Some(open) = self.open.take() else { return };
        self.ended.push(Turn { status, completed_at: at, duration_ms, ..open });
    }

    /// In files that do not mark a turn's end, the agent's word is its end, until it goes on.
    fn said(&mut self, at: Option<Timestamp>) {
        if let Some(open) = self.unmarked()
            && open.status != TurnStatus::Failed
        {
            open.status = TurnStatus::Completed;
            open.completed_at = at;
        }
    }

    fn worked(&mut self) {
        if let Some(open) = self.unmarked()
            && open.status == TurnStatus::Completed
        {
            open.status = TurnStatus::InProgress;
            open.completed_at = None;
        }
    }

    /// The open turn, if the agent will not say where it ends.
    fn unmarked(&mut self) -> Option<&mut Turn> {
        self.open.as_mut().filter(|_| !self.run.is_marked())
    }
}

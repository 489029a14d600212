//! Fold of facts into turns.
//!
//! Newer versions mark where a turn begins and ends (`task_started`, `task_complete`,
//! `turn_aborted`); in older ones a turn begins with a user's message.

use uuid::Uuid;

use super::run::{Run, Step};
use super::turn::{ItemsView, Turn};
use crate::chain::link::Link;
use crate::format::call;
use crate::format::fact::Fact;
use crate::format::item::{TurnItem, TurnItemKind, TurnStatus};
use crate::format::line::Line;
use crate::format::peek::{self, Heard};
use crate::format::tool_call::ToolCall;
use crate::format::user_message::UserMessage;
use crate::text::{MAX_ITEM_TEXT, bounded};

/// The turn that is being read.
#[derive(Default)]
pub(super) struct Builder {
    view: ItemsView,
    begun: u64,
    /// Decides where a turn begins and ends.
    run: Run,
    /// The file that is being read: its path in the home, its id, and its number in the chain.
    file: (String, Option<Uuid>, usize),
    /// True while turns are those of the thread that this one was forked from.
    pub(super) inherits: bool,
    /// The turn that is open in `run`.
    open: Option<Turn>,
    /// True if the open turn has a user's message.
    has_words: bool,
    /// Words of the user's in the open turn that only the model has heard.
    heard: Option<TurnItem>,
    /// True if this version writes whole items, so that calls need not be pieced together.
    whole_items: bool,
}

impl Builder {
    pub(super) fn new(view: ItemsView) -> Self {
        Self { view, ..Self::default() }
    }

    /// Goes on with another file of the chain.
    pub(super) fn begin_file(&mut self, number: usize, link: &Link) {
        self.file = (link.file.clone(), link.file_id, number);
    }

    /// Returns the turn that is still open. The next line cannot belong to it.
    pub(super) fn close(&mut self) -> Option<Turn> {
        self.run = Run::default();
        self.take_open()
    }

    fn take_open(&mut self) -> Option<Turn> {
        let (mut open, heard) = (self.open.take()?, self.heard.take());
        match heard.filter(|_| !self.has_words) {
            Some(_) if self.view == ItemsView::None => open.omitted_items += 1,
            Some(words) => open.items.insert(0, words),
            None => {}
        }
        Some(open)
    }

    /// Takes a line. Returns the turn that ends with it, or before it.
    pub(super) fn take(&mut self, line: &Line<'_>) -> Option<Turn> {
        // Other lines have no facts about turns; bare ones may.
        match line.line_type.as_deref() {
            Some("response_item")
                if self.whole_items
                    && peek::heard(line.payload.as_bytes()) == Heard::Nothing
                    && !peek::calls(line.payload.as_bytes(), call::PLAN) =>
            {
                return None;
            }
            Some("event_msg" | "response_item") | None => {}
            _ => return None,
        }
        self.whole_items |= line.payload_type().as_deref() == Some("item_completed");
        let fact = line.fact();
        let ended = match self.run.take(&fact) {
            Step::Begin => self.begin(line, &fact),
            Step::End(status) => self.end(status, &fact),
            Step::Fail | Step::None => None,
        };
        self.add(line, fact);
        ended
    }

    /// Opens a turn. Returns the turn that was open.
    fn begin(&mut self, line: &Line<'_>, fact: &Fact<'_>) -> Option<Turn> {
        let (id, root_turn_id, started_at) = match fact {
            Fact::TurnStarted { turn_id, root_turn_id, started_at } => {
                (turn_id, root_turn_id.clone(), *started_at)
            }
            Fact::TurnItem { turn_id, .. } => (turn_id, None, line.timestamp),
            _ => (&None, None, line.timestamp),
        };
        self.begun += 1;
        let (file, file_id, number) = self.file.clone();
        let begun = Turn {
            id: id.clone().unwrap_or_else(|| format!("turn-{}", self.begun)),
            root_turn_id,
            status: TurnStatus::InProgress,
            error: None,
            started_at,
            completed_at: None,
            duration_ms: None,
            items: Vec::new(),
            omitted_items: 0,
            file,
            file_id,
            offset: line.offset,
            inherited: self.inherits,
            number,
        };
        let mut ended = self.take_open();
        (self.open, self.has_words) = (Some(begun), false);
        if let Some(ended) = ended.as_mut().filter(|ended| ended.status == TurnStatus::InProgress) {
            ended.status = TurnStatus::Interrupted;
        }
        ended
    }

    fn end(&mut self, status: TurnStatus, fact: &Fact<'_>) -> Option<Turn> {
        let Fact::TurnEnded { completed_at, duration_ms, ref error, .. } = *fact else { return None };
        let mut ended = self.take_open()?;
        (ended.status, ended.completed_at, ended.duration_ms) = (status, completed_at, duration_ms);
        ended.error = error.clone().or(ended.error);
        Some(ended)
    }

    /// Adds to the open turn.
    fn add(&mut self, line: &Line<'_>, fact: Fact<'_>) {
        // Nothing but an open turn can be added to.
        let Some(open) = &mut self.open else { return };
        let item = match fact {
            Fact::TurnFailed { message } => {
                open.error = Some(message);
                open.status = TurnStatus::Failed;
                return;
            }
            Fact::UserMessage { message, .. } if !message.injected => {
                self.has_words = true;
                said(message, line)
            }
            Fact::ModelHears(message) => {
                if message.request().is_some() {
                    self.heard.get_or_insert_with(|| said(message, line));
                }
                return;
            }
            Fact::TurnItem { item, .. } => item,
            // Calls and their answers stand only in response items, in versions that write no whole
            // items. No version writes plans as items.
            Fact::ToolCall(call) if self.whole_items && !call.is_plan() => return,
            Fact::ToolCall(ToolCall::Made { call_id, name, arguments }) => {
                let id = Some(call_id).filter(|id| !id.is_empty());
                TurnItem { id, at: line.timestamp, kind: call::item(name, &arguments) }
            }
            Fact::ToolCall(ToolCall::Answered { call_id, output }) => return open.answer(&call_id, &output),
            _ => return,
        };
        if !self.run.is_marked() {
            mark_end(open, &item);
        }
        open.push(item, self.view);
    }
}

fn said(message: UserMessage, line: &Line<'_>) -> TurnItem {
    let text = bounded(&message.text, MAX_ITEM_TEXT);
    let kind = TurnItemKind::UserMessage { text, images: message.images };
    TurnItem { id: message.id, at: line.timestamp, kind }
}

/// In files that do not mark a turn's end, the agent's message is its end, until the agent goes on.
fn mark_end(open: &mut Turn, item: &TurnItem) {
    match (&item.kind, open.status) {
        // The agent sums up behind a turn's end, too.
        (TurnItemKind::ContextCompaction, _) | (_, TurnStatus::Failed) => {}
        (TurnItemKind::AgentMessage { .. }, _) => {
            (open.status, open.completed_at) = (TurnStatus::Completed, item.at);
        }
        (_, TurnStatus::Completed) => (open.status, open.completed_at) = (TurnStatus::InProgress, None),
        _ => {}
    }
}

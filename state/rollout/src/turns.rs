//! Reads the turns of a rollout, a page at a time.
//!
//! Newer versions mark where a turn begins and ends (`task_started`, `task_complete`, `turn_aborted`); in older ones a
//! turn begins with what the user says.

use std::collections::VecDeque;
use std::path::Path;

use jiff::Timestamp;

use crate::error::ExtractError;
use crate::items::{Call, Event, Found, ResponseItem};
use crate::line::Envelope;
use crate::payload::UserMessage;
use crate::raw;
use crate::reader::{Buffer, LineReader, RawLine};
use crate::skipped::{BadLine, BadReason, SkippedLines};
use crate::source::{Source, is_damage};
use crate::text;
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
/// [`ExtractError::Io`], [`ExtractError::NotAFile`], and [`ExtractError::CompressionUnsupported`] without the feature
/// `zstd`. Content is never an error.
pub fn list_turns(file: &Path, compressed: bool, query: &TurnQuery) -> Result<TurnPage, ExtractError> {
    let (source, _) = Source::open(file, compressed)?;
    let mut buffer = Buffer::default();
    let mut lines = LineReader::new(source, &mut buffer, 0, 0, &[]);
    let mut builder = Builder { view: query.view, ..Builder::default() };
    let mut page = Page { query, turns: VecDeque::new(), more: false };
    loop {
        let line = match lines.next(|_| true) {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) if is_damage(&error, compressed) => {
                let (offset, line_number) = (lines.offset(), builder.lines + 1);
                builder.skipped.add(BadLine { offset, line_number, reason: BadReason::Truncated });
                break;
            }
            Err(source) => return Err(ExtractError::Io { path: file.to_owned(), source }),
        };
        builder.read(&line);
        if builder.ended.drain(..).any(|turn| page.take(turn)) {
            break;
        }
    }
    if let Some(turn) = builder.open.take() {
        page.take(turn.turn);
    }
    let turns = if query.newest_first { page.turns.into_iter().rev().collect() } else { page.turns.into() };
    Ok(TurnPage { turns, more: page.more, skipped: builder.skipped })
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
    lines: u64,
    begun: u64,
    open: Option<Open>,
    ended: Vec<Turn>,
    /// Whether this version writes whole items, so that calls need not be pieced together.
    whole_items: bool,
    skipped: SkippedLines,
}

impl Builder {
    fn read(&mut self, line: &RawLine<'_>) {
        self.lines = line.number;
        if line.is_blank() {
            return;
        }
        let envelope = match line.utf8.then(|| serde_json::from_slice::<Envelope<'_>>(line.bytes)) {
            Some(Ok(envelope)) => envelope,
            unread => {
                let reason = match unread {
                    _ if !line.terminated => BadReason::Torn,
                    None => BadReason::NotUtf8,
                    Some(_) if !line.whole => BadReason::TooLong,
                    Some(_) => BadReason::NotJson,
                };
                return self.skipped.add(BadLine { offset: line.offset, line_number: line.number, reason });
            }
        };
        let at = envelope.time().and_then(|time| time.timestamp());
        let Some(line_type) = raw::text(envelope.line_type) else { return };
        match (&*line_type, envelope.payload) {
            ("event_msg", Some(payload)) => self.read_event(line.offset, at, payload.get()),
            ("response_item", Some(payload)) => self.read_call(at, payload.get()),
            ("message", None) => self.read_bare_message(line.offset, at, &envelope),
            (_, None) => self.read_call(at, std::str::from_utf8(line.bytes).unwrap_or_default()),
            _ => {}
        }
    }

    fn read_event(&mut self, offset: u64, at: Option<Timestamp>, payload: &str) {
        let Ok(event) = serde_json::from_str::<Event<'_>>(payload) else { return };
        let Some(event_type) = raw::text(event.event_type) else { return };
        match &*event_type {
            // The reviewer's turn, within the one that asked for the review.
            "task_started" | "turn_started" if self.open.as_mut().is_some_and(Open::take_reviewer) => {}
            "task_started" | "turn_started" => {
                let seconds =
                    || raw::parse::<i64>(event.started_at).and_then(|at| Timestamp::from_second(at).ok());
                self.begin(offset, at.or_else(seconds), raw::owned(event.turn_id), true);
                if let Some(open) = &mut self.open {
                    open.turn.root_turn_id = raw::owned(event.root_turn_id);
                }
            }
            "task_complete" | "turn_complete" => self.end(at, &event, TurnStatus::Completed),
            "turn_aborted" => self.end(at, &event, TurnStatus::Interrupted),
            "error" => {
                if let Some(open) = &mut self.open {
                    let message = raw::text(event.message).unwrap_or_default();
                    open.turn.error = Some(text::bounded(&message, text::MAX_FIRST_USER_MESSAGE));
                    open.turn.status = TurnStatus::Failed;
                }
            }
            _ => {
                self.whole_items |= event_type == "item_completed";
                if event_type == "entered_review_mode" {
                    self.await_reviewer(offset, at, raw::owned(event.turn_id));
                }
                if let Some(found) = event.item(payload) {
                    self.add(offset, at, found);
                }
            }
        }
    }

    fn read_call(&mut self, at: Option<Timestamp>, payload: &str) {
        if self.whole_items {
            return;
        }
        let call = serde_json::from_str::<ResponseItem<'_>>(payload).ok().and_then(|item| item.call());
        let Some(open) = &mut self.open else { return };
        match call {
            Some(Call::Made((id, kind))) => {
                open.turn.push(TurnItem { id, at, kind }, self.view);
                open.worked();
            }
            Some(Call::Answered { call, output }) => open.turn.answer(&call, &output),
            None => {}
        }
    }

    /// The oldest files have items without an envelope, and the agent's own blocks in the user's name.
    fn read_bare_message(&mut self, offset: u64, at: Option<Timestamp>, envelope: &Envelope<'_>) {
        let UserMessage { text, images } = UserMessage::of_content(envelope.content);
        let text = text::bounded(&text, crate::turn::MAX_ITEM_TEXT);
        let kind = match raw::text(envelope.role).as_deref() {
            Some("user") if !text::is_injected(&text) => TurnItemKind::UserMessage { text, images },
            Some("assistant") => TurnItemKind::AgentMessage { text, phase: None },
            _ => return,
        };
        self.add(offset, at, (None, kind));
    }

    fn add(&mut self, offset: u64, at: Option<Timestamp>, (id, kind): Found) {
        let is_user = matches!(kind, TurnItemKind::UserMessage { .. });
        if is_user && self.open.as_ref().is_none_or(|open| !open.marked) {
            self.begin(offset, at, None, false);
        }
        let item = TurnItem { id, at, kind };
        if let Some(open) = &mut self.open {
            match item.kind {
                TurnItemKind::AgentMessage { .. } => open.said(at),
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

    fn begin(&mut self, offset: u64, at: Option<Timestamp>, id: Option<String>, marked: bool) {
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
        self.open = Some(Open { turn, marked, awaits_reviewer: false });
    }

    fn end(&mut self, at: Option<Timestamp>, event: &Event<'_>, status: TurnStatus) {
        let id = raw::text(event.turn_id);
        // The end of a turn that another has interrupted already is not the other's.
        let is_meant = |open: &mut Open| !open.marked || id.as_deref().is_none_or(|id| id == open.turn.id);
        let Some(mut open) = self.open.take_if(is_meant) else { return };
        let seconds = || raw::parse::<i64>(event.completed_at).and_then(|at| Timestamp::from_second(at).ok());
        open.turn.completed_at = at.or_else(seconds);
        open.turn.duration_ms = raw::parse(event.duration_ms);
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

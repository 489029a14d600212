//! Fold of facts into turns.
//!
//! Newer versions mark where a turn begins and ends (`task_started`, `task_complete`,
//! `turn_aborted`); in older ones a turn begins with a user's message.

use uuid::Uuid;

use super::run::{Run, Step};
use super::shown::{Place, Receive, Shown};
use super::turn::Turn;
use super::written::written;
use crate::format::call;
use crate::format::fact::Fact;
use crate::format::head;
use crate::format::item::{TurnItem, TurnItemKind, TurnStatus, Written};
use crate::format::kind::{Event, Kind};
use crate::format::line::Line;
use crate::format::peek::{self, Heard};

/// The turn that is being read.
#[derive(Default)]
pub(crate) struct Builder<R> {
    /// Receiver of what the turns show.
    pub(crate) receiver: R,
    /// Number of turns so far.
    pub(crate) begun: u64,
    /// Decides where a turn begins and ends.
    run: Run,
    /// The file that is being read: its path in the home, its id, and its number in the chain.
    file: (String, Option<Uuid>, usize),
    /// True while turns are those of the thread that this one was forked from.
    pub(crate) inherits: bool,
    /// The turn that is open in `run`.
    open: Option<Turn>,
    /// True if the open turn has a user's message.
    has_words: bool,
    /// Words of the user's in the open turn that only the model has heard.
    heard: Option<(Place, TurnItem)>,
    /// The item of the line that is being taken, as the agent wrote it.
    written: Option<Box<Written>>,
    /// True if this version writes whole items, so that calls need not be pieced together.
    pub(crate) whole_items: bool,
}

impl<R: Receive + Default> Builder<R> {
    pub(crate) fn new(receiver: R) -> Self {
        Self { receiver, ..Self::default() }
    }
}

impl<R: Receive> Builder<R> {
    /// Goes on with another file: its number in the chain, its path in the home, and its id.
    pub(crate) fn begin_file(&mut self, number: usize, file: String, file_id: Option<Uuid>) {
        self.file = (file, file_id, number);
    }

    /// Returns true if a turn is open.
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Returns true if a turn is open whose end the agent will mark.
    pub(crate) fn is_marked(&self) -> bool {
        self.run.is_marked()
    }

    /// Returns the turn that is still open. The next line cannot belong to it.
    pub(crate) fn close(&mut self) -> Option<Turn> {
        self.run = Run::default();
        self.take_open()
    }

    fn take_open(&mut self) -> Option<Turn> {
        let (mut open, heard) = (self.open.take()?, self.heard.take());
        if let Some((place, words)) = heard.filter(|_| !self.has_words) {
            self.receiver.receive(&mut open, place, Shown::Heard(words));
        }
        Some(open)
    }

    /// Takes a line. Returns the turn that ends with it, or before it.
    pub(crate) fn take_line(&mut self, line: &Line<'_>) -> Option<Turn> {
        let kind = line.kind();
        if !self.wants(kind, line.payload.as_bytes()) {
            return None;
        }
        self.written = self.receiver.wants_written().then(|| written(line)).flatten();
        let place = Place { offset: line.offset, end: line.end, at: line.timestamp };
        let before = self.begun;
        let ended = self.take(place, kind, line.fact());
        if let Some(open) = self.open.as_mut().filter(|_| self.begun > before) {
            open.ordinal = head::ordinal(line.json.as_bytes());
        }
        ended
    }

    /// Returns true if a line may have a fact about turns.
    pub(crate) fn wants(&self, kind: Kind, payload: &[u8]) -> bool {
        match kind {
            Kind::ResponseItem => {
                !self.whole_items
                    || peek::heard(payload) != Heard::Nothing
                    || peek::calls(payload, call::PLAN)
            }
            Kind::Event(_) | Kind::BareItem => true,
            _ => false,
        }
    }

    /// Takes the fact of a wanted line. Returns the turn that ends with it, or before it.
    pub(crate) fn take(&mut self, place: Place, kind: Kind, fact: Fact<'_>) -> Option<Turn> {
        self.whole_items |= kind == Kind::Event(Event::ItemCompleted);
        let ended = match self.run.take(&fact) {
            Step::Begin => self.begin(place, &fact),
            Step::End(status) => self.end(status, &fact),
            Step::Fail | Step::None => None,
        };
        self.add(place, fact);
        ended
    }

    /// Opens a turn. Returns the turn that was open.
    fn begin(&mut self, place: Place, fact: &Fact<'_>) -> Option<Turn> {
        let (id, root_turn_id, started_at) = match fact {
            Fact::TurnStarted { turn_id, root_turn_id, started_at } => {
                (turn_id, root_turn_id.clone(), *started_at)
            }
            Fact::TurnItem { turn_id, .. } => (turn_id, None, place.at),
            _ => (&None, None, place.at),
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
            offset: place.offset,
            ordinal: None,
            inherited: self.inherits,
            number,
        };
        let mut ended = self.take_open();
        (self.open, self.has_words) = (Some(begun), false);
        if let Some(ended) = &mut ended {
            ended.interrupt();
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
    fn add(&mut self, place: Place, fact: Fact<'_>) {
        // Nothing but an open turn can be added to.
        let Some(open) = &mut self.open else { return };
        match fact {
            Fact::TurnFailed { message } => {
                open.error = Some(message);
                open.status = TurnStatus::Failed;
                return;
            }
            Fact::UserMessage { ref message, .. } if message.is_bare_image() && self.has_words => return,
            // Calls and their answers stand only in response items, in versions that write no whole
            // items. No version writes plans as items.
            Fact::ToolCall(ref call) if self.whole_items && !call.is_plan() => return,
            _ => {}
        }
        let Some(mut shown) = Shown::of(fact, place.at) else { return };
        if let Shown::Item(item) = &mut shown {
            item.written = self.written.take();
        }
        match shown {
            Shown::Heard(words) => {
                self.heard.get_or_insert((place, words));
                return;
            }
            Shown::Item(ref item) => {
                self.has_words |= matches!(item.kind, TurnItemKind::UserMessage { .. });
                if !self.run.is_marked() {
                    mark_end(open, item);
                }
            }
            Shown::Answer { .. } => {}
        }
        self.receiver.receive(open, place, shown);
    }
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

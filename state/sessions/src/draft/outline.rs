//! A draft without words, from which a later reading goes on.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use threadkeep_redact::redact;

use super::{Draft, Taken};
use crate::checksum::Checksum;
use crate::session::{Outcome, Request, Session, SessionTurn, Title};

/// Numbers of turns and requests before some point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) turns: usize,
    pub(crate) requests: usize,
}

/// Draft at some point, without turns, requests and records: a later draft still has them.
#[derive(Debug)]
pub(crate) struct Mark {
    head: Session,
    inherits: bool,
    said_at: Option<Timestamp>,
    counts: Counts,
    /// Number of records that were taken.
    taken: usize,
}

impl Mark {
    /// Returns the number of turns.
    pub(crate) fn turns(&self) -> usize {
        self.counts.turns
    }
}

/// Draft without any words of its turns: enough to go on from there.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Outline {
    session: Session,
    turns: Vec<TurnOutline>,
    inherits: bool,
    said_at: Option<Timestamp>,
    /// Checksums of the requests that the session leaves out, by id.
    omitted: HashMap<String, u32>,
    /// Ids of the records that were taken, in their order, with the number of turns before each.
    taken: Vec<(String, usize)>,
    calls: HashMap<String, (usize, usize)>,
}

/// Turn without words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TurnOutline {
    id: String,
    outcome: Outcome,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

impl TurnOutline {
    fn of(turn: &SessionTurn) -> Self {
        let &SessionTurn { outcome, started_at, ended_at, .. } = turn;
        Self { id: turn.id.clone(), outcome, started_at, ended_at }
    }

    fn without_words(&self) -> SessionTurn {
        let Self { id, outcome, started_at, ended_at } = self.clone();
        let (error, items, inherited) = (None, Vec::new(), false);
        SessionTurn { id, outcome, error, started_at, ended_at, items, inherited }
    }
}

impl Draft {
    /// Begins where another draft was. The turns before have no words.
    pub(crate) fn from_outline(outline: Outline) -> Self {
        let marked = outline.counts();
        let Outline { mut session, turns, inherits, said_at, omitted, taken, calls } = outline;
        session.turns = turns.iter().map(TurnOutline::without_words).collect();
        let requests = session.requests.iter().enumerate();
        let taken = taken.into_iter().enumerate();
        Self {
            requests: requests.map(|(place, request)| (request.id.clone(), place)).collect(),
            taken: taken.map(|(number, (id, turns))| (id, Taken { number, turns })).collect(),
            omitted_requests: omitted,
            outlined: turns,
            marked,
            is_changed: false,
            session,
            inherits,
            said_at,
            // What begins with copies is read whole.
            copied_at: None,
            calls,
        }
    }

    /// Marks this point.
    pub(crate) fn mark(&mut self) -> Mark {
        Mark {
            head: self.head(),
            inherits: self.inherits,
            said_at: self.said_at,
            counts: Counts { turns: self.session.turns.len(), requests: self.session.requests.len() },
            taken: self.taken.len(),
        }
    }

    /// Returns the session without turns and requests.
    fn head(&mut self) -> Session {
        let Session { turns, requests, .. } = &mut self.session;
        let (turns, requests) = (std::mem::take(turns), std::mem::take(requests));
        let head = self.session.clone();
        (self.session.turns, self.session.requests) = (turns, requests);
        head
    }

    /// Watches the turns and requests before a mark from now on.
    pub(crate) fn watch(&mut self, mark: &Mark) {
        (self.marked, self.is_changed) = (mark.counts, false);
    }

    /// Returns true if a turn or request before the mark has changed, as far as it is watched.
    pub(crate) fn has_changed(&self) -> bool {
        let same = |(turn, outline): (&SessionTurn, &TurnOutline)| {
            turn.items.is_empty() && turn.error.is_none() && TurnOutline::of(turn) == *outline
        };
        self.is_changed || !self.session.turns.iter().zip(&self.outlined).all(same)
    }

    /// Returns the draft as it was at a mark, before which nothing has changed since.
    pub(crate) fn outline(&self, mark: Mark) -> Outline {
        let Mark { mut head, inherits, said_at, counts, taken } = mark;
        head.requests = self.session.requests[..counts.requests].to_vec();
        head.title = head.title.map(|title| Title { text: redact(&title.text).into_owned(), ..title });
        head.git_branch = head.git_branch.map(|branch| redact(&branch).into_owned());
        let before = self.taken.iter().filter(|(_, record)| record.number < taken);
        let mut before: Vec<_> = before.map(|(id, record)| (record.number, id, record.turns)).collect();
        before.sort_unstable();
        let calls = self.calls.iter().filter(|(_, (turn, _))| *turn < counts.turns);
        Outline {
            session: head,
            turns: self.session.turns[..counts.turns].iter().map(TurnOutline::of).collect(),
            inherits,
            said_at,
            omitted: self.omitted_requests.clone(),
            taken: before.into_iter().map(|(_, id, turns)| (id.clone(), turns)).collect(),
            calls: calls.map(|(id, place)| (id.clone(), *place)).collect(),
        }
    }
}

impl Outline {
    /// Returns the numbers of its turns and of the requests that it has.
    pub(crate) fn counts(&self) -> Counts {
        Counts { turns: self.turns.len(), requests: self.session.requests.len() }
    }

    /// Counts lines that could not be read.
    pub(crate) fn skip(&mut self, lines: u64) {
        self.session.skipped_lines += lines;
    }

    /// Leaves out requests.
    pub(crate) fn omit_requests(&mut self, ids: &HashSet<String>) {
        let omitted = self.session.requests.extract_if(.., |request| ids.contains(&request.id));
        self.omitted.extend(omitted.map(|request| (request.id.clone(), checksum(&request))));
    }
}

/// Returns a checksum of all that is known of a request.
pub(super) fn checksum(request: &Request) -> u32 {
    Checksum::of(&serde_json::to_vec(request).unwrap_or_default()).value()
}

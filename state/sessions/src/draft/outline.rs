//! A draft without words, from which a later reading goes on.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use threadkeep_redact::redact;

use super::{Draft, Taken};
use crate::checksum::Checksum;
use crate::session::{Request, Session, SessionTurn, Title};

/// Draft at some point: all but turns and records, which a later draft still has.
#[derive(Debug)]
pub(crate) struct Mark {
    head: Session,
    inherits: bool,
    said_at: Option<Timestamp>,
    /// Number of turns.
    pub(crate) turns: usize,
    requests: usize,
    taken: usize,
}

/// Draft without any words of its turns: enough to go on from there.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Outline {
    pub(crate) session: Session,
    inherits: bool,
    said_at: Option<Timestamp>,
    /// Checksums of the requests that the session leaves out, by id.
    settled: HashMap<String, u32>,
    /// Ids of the records that were taken, in their order, with the number of turns before each.
    taken: Vec<(String, usize)>,
    calls: HashMap<String, (usize, usize)>,
}

impl Draft {
    /// Begins where another draft was. The turns before have no words.
    pub(crate) fn from_outline(outline: Outline) -> Self {
        let Outline { session, inherits, said_at, settled, taken, calls } = outline;
        let requests = session.requests.iter().enumerate();
        let taken = taken.into_iter().enumerate();
        Self {
            requests: requests.map(|(place, request)| (request.id.clone(), place)).collect(),
            taken: taken.map(|(number, (id, turns))| (id, Taken { number, turns })).collect(),
            settled_requests: settled,
            settled: (session.turns.len(), session.requests.len()),
            is_unsettled: false,
            session,
            inherits,
            said_at,
            calls,
        }
    }

    /// Marks this point.
    pub(crate) fn mark(&mut self) -> Mark {
        Mark {
            head: self.head(),
            inherits: self.inherits,
            said_at: self.said_at,
            turns: self.session.turns.len(),
            requests: self.session.requests.len(),
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

    /// Says that the turns and requests at a mark should no longer change.
    pub(crate) fn settle(&mut self, mark: &Mark) {
        (self.settled, self.is_unsettled) = ((mark.turns, mark.requests), false);
    }

    /// Returns false if something has changed although it was settled.
    pub(crate) fn is_settled(&self) -> bool {
        !self.is_unsettled
    }

    /// Returns the draft as it was at a mark, which is settled since.
    pub(crate) fn outline(&self, mark: Mark) -> Outline {
        let Mark { mut head, inherits, said_at, turns, requests, taken } = mark;
        let without_words =
            |turn: &SessionTurn| SessionTurn { id: turn.id.clone(), error: None, items: Vec::new(), ..*turn };
        head.turns = self.session.turns[..turns].iter().map(without_words).collect();
        head.requests = self.session.requests[..requests].to_vec();
        head.title = head.title.map(|title| Title { text: redact(&title.text).into_owned(), ..title });
        head.git_branch = head.git_branch.map(|branch| redact(&branch).into_owned());
        let before = self.taken.iter().filter(|(_, record)| record.number < taken);
        let mut before: Vec<_> = before.map(|(id, record)| (record.number, id, record.turns)).collect();
        before.sort_unstable();
        let calls = self.calls.iter().filter(|(_, (turn, _))| *turn < turns);
        Outline {
            session: head,
            inherits,
            said_at,
            settled: self.settled_requests.clone(),
            taken: before.into_iter().map(|(_, id, turns)| (id.clone(), turns)).collect(),
            calls: calls.map(|(id, place)| (id.clone(), *place)).collect(),
        }
    }
}

impl Outline {
    /// Leaves out requests.
    pub(crate) fn settle(&mut self, out: &HashSet<String>) {
        let requests = self.session.requests.extract_if(.., |request| out.contains(&request.id));
        self.settled.extend(requests.map(|request| (request.id.clone(), checksum(&request))));
    }
}

/// Returns a checksum of all that is known of a request.
pub(super) fn checksum(request: &Request) -> u32 {
    Checksum::of(&serde_json::to_vec(request).unwrap_or_default()).value()
}

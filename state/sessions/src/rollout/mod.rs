//! A session as a rollout: the JSON lines that `threadkeep-rollout` reads, so that programs which
//! index, search and show rollouts do the same with sessions of every agent.

mod item;
mod lines;
mod part;
mod payload;
mod text;
mod tokens;

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::lines::Lines;
pub(crate) use self::text::safe;
pub(crate) use self::tokens::{usage_of, with_tokens_of};
use crate::ids::ThreadIds;
use crate::session::{Parent, Request, Session};

/// Line of a request that is no part of the conversation.
pub(crate) const OTHER_USAGE: &str = "other_usage_record";

/// Returns a session of an agent as a rollout, without secrets.
///
/// The same session gives the same bytes, and a session that has grown gives the earlier bytes and
/// more, unless something before has changed: a title, or the result of a call.
pub fn to_rollout(session: &Session, ids: &ThreadIds<'_>) -> Vec<u8> {
    to_rollout_with(session, ids, None).0
}

/// Also returns what is before the turn of this number; `None` if that may change with what the
/// agent writes later.
pub(crate) fn to_rollout_with(
    session: &Session,
    ids: &ThreadIds<'_>,
    turn: Option<usize>,
) -> (Vec<u8>, Option<Before>) {
    let mut lines = Lines::new(session, ids);
    // What was migrated from a session that has no thread stands for that session.
    let is_original = |parent: &Parent| parent.agent.is_some() && ids.migrated_from(parent).is_none();
    let is_original = session.parent.as_ref().is_some_and(is_original);
    let inherited = if is_original { 0 } else { session.inherited_turns() };
    let (inherited, own) = session.turns.split_at(inherited);
    lines.header(inherited);
    inherited.iter().for_each(|turn| lines.turn(turn));
    lines.title();
    let before = lines.turns(own, turn.and_then(|turn| turn.checked_sub(inherited.len())));
    (lines.finish(), before)
}

/// Returns the lines before the first turn of a session without inherited turns.
pub(crate) fn head(session: &Session, ids: &ThreadIds<'_>) -> Vec<u8> {
    let mut lines = Lines::new(session, ids);
    lines.header(&[]);
    lines.title();
    lines.into_bytes()
}

/// Old lines of a rollout, before the new ones.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Before {
    /// Number of bytes.
    pub(crate) bytes: usize,
    /// Number of lines.
    pub(crate) lines: u64,
    /// Latest time of a line.
    pub(crate) at: Option<Timestamp>,
    /// Model of the last settings; `None` if the next turn has settings in any case.
    pub(crate) model: Option<String>,
    /// The session's latest model, and true if settings have it because no request names one.
    pub(crate) latest_model: (Option<String>, bool),
    /// Request behind these lines that named the model of the last settings, by id.
    pub(crate) named_by: Option<String>,
    /// Ids of their requests, which are not written again.
    pub(crate) requests: HashSet<String>,
    /// Time before which a request would be among these lines, if no earlier one were missing.
    pub(crate) until: Option<Timestamp>,
}

impl Before {
    /// Returns true if these lines are right for a session with more requests, from this number on.
    pub(crate) fn fits(&self, session: &Session, from: usize) -> bool {
        let (known, new) = session.requests.split_at(from);
        let is_written = |request: &Request| self.requests.contains(&request.id);
        let is_missing = |request: &Request| request.purpose.is_conversation() && !is_written(request);
        let is_any_missing = known.iter().any(is_missing);
        let (model, is_used) = &self.latest_model;
        (!is_used || *model == session.model)
            && new.iter().all(|request| {
                let is_later = match request.at {
                    Some(at) => Some(at) >= self.until,
                    None => !request.purpose.is_conversation(),
                };
                let is_used = is_written(request) || self.named_by.as_ref() == Some(&request.id);
                !is_used && (is_later || is_missing(request) && is_any_missing)
            })
    }
}

/// Returns the line of a session's title, after other lines.
pub(crate) fn title_after(before: &Before, session: &Session, ids: &ThreadIds<'_>) -> Vec<u8> {
    let mut lines = Lines::after(before, session, ids);
    lines.title();
    lines.into_bytes()
}

/// Returns the lines of a session's turns from this number on, after other lines, with what is
/// before the turn of another number, as [`to_rollout_with`].
pub(crate) fn to_rollout_after(
    before: &Before,
    session: &Session,
    ids: &ThreadIds<'_>,
    from: usize,
    turn: Option<usize>,
) -> (Vec<u8>, Option<Before>) {
    let mut lines = Lines::after(before, session, ids);
    let before = lines.turns(&session.turns[from..], turn.and_then(|turn| turn.checked_sub(from)));
    (lines.finish(), before)
}

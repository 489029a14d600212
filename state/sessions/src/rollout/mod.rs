//! A session as a rollout: the JSON lines that `threadkeep-rollout` reads, so that programs which
//! index, search and show rollouts do the same with sessions of every agent.

mod item;
mod lines;

use std::collections::HashSet;

use jiff::Timestamp;

use self::lines::Lines;
use crate::ids::ThreadIds;
use crate::session::{Parent, Session};

/// Line of a request that is no part of the conversation.
pub(crate) const OTHER_USAGE: &str = "other_usage_record";

/// Returns a session of an agent as a rollout, without secrets.
///
/// The same session gives the same bytes, and a session that has grown gives the earlier bytes and
/// more, unless something before has changed: a title, or the result of a call.
pub fn to_rollout(session: &Session, ids: &ThreadIds<'_>) -> Vec<u8> {
    let mut lines = Lines::new(session, ids);
    // What was migrated from a session that has no thread stands for that session.
    let is_original = |parent: &Parent| parent.agent.is_some() && ids.migrated_from(parent).is_none();
    let is_original = session.parent.as_ref().is_some_and(is_original);
    let inherited = if is_original { 0 } else { session.inherited_turns() };
    let (inherited, own) = session.turns.split_at(inherited);
    lines.header(inherited);
    inherited.iter().for_each(|turn| lines.turn(turn));
    lines.title();
    own.iter().for_each(|turn| lines.turn(turn));
    lines.finish()
}

/// Old lines of a rollout, before the new ones.
pub(crate) struct Before {
    /// Number of lines.
    pub(crate) lines: u64,
    /// Latest time of a line.
    pub(crate) at: Option<Timestamp>,
    /// Ids of their requests, which are not written again.
    pub(crate) requests: HashSet<String>,
}

/// Returns the lines of a session's turns, after other lines.
pub(crate) fn to_rollout_after(before: &Before, session: &Session, ids: &ThreadIds<'_>) -> Vec<u8> {
    let mut lines = Lines::after(before, session, ids);
    session.turns.iter().for_each(|turn| lines.turn(turn));
    lines.finish()
}

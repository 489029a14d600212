//! Forks. A fork's file begins with a copy of its parent's lines, and nothing names the parent.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::line::{Line, hash};
use super::state::State;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;

/// Part of a session that was copied.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) parent: Option<String>,
    /// Byte where the first line starts that was not copied.
    pub(super) own_from: u64,
}

/// Session that begins as others do.
struct Member<'a> {
    id: &'a str,
    state: State,
    lines: Vec<At>,
}

/// Line with a message.
struct At {
    offset: u64,
    /// Hash of the line.
    hash: u64,
    time: Option<Timestamp>,
}

/// Returns the origins of the forks. `heads` has the hash of each session's first prompt.
pub(super) fn origins(
    sessions: &BTreeMap<String, FoundSession>,
    heads: &BTreeMap<String, u64>,
) -> Vec<(String, Origin)> {
    let mut families = HashMap::<u64, Vec<&FoundSession>>::new();
    for (id, head) in heads {
        families.entry(*head).or_default().extend(sessions.get(id));
    }
    families.retain(|_, family| family.len() > 1);
    let mut origins = Vec::new();
    for family in families.into_values() {
        // What is said about a file that cannot be read is said when the session is read.
        let members: Vec<_> = family.into_iter().filter_map(|found| Member::read(found).ok()).collect();
        // The user may have named a fork, or its parent.
        let is_one = members.iter().filter(|member| !member.state.is_named_as_fork()).count() == 1;
        let may_be_fork = |member: &Member<'_>| {
            if is_one { member.state.is_named_as_fork() } else { member.state.title_generated }
        };
        let with_origin =
            |member: &Member<'_>| Some((member.id.to_owned(), member.origin(&members, may_be_fork)?));
        origins.extend(members.iter().filter_map(with_origin));
    }
    origins
}

impl<'a> Member<'a> {
    fn read(found: &'a FoundSession) -> Result<Self, StoreError> {
        let mut lines = Vec::new();
        files::each_line(found.main_file()?, |offset, json| {
            let line: Line<'_> = serde_json::from_str(json)?;
            if line.message.is_some() {
                lines.push(At { offset, hash: hash(json), time: line.at() });
            }
            Ok(true)
        })?;
        Ok(Self { id: &found.native_id, state: State::read(found), lines })
    }

    /// Finds the older session that has the most of this one's first lines. Of several, it is the
    /// oldest.
    fn origin(&self, family: &[Self], may_be_fork: impl Fn(&Self) -> bool) -> Option<Origin> {
        let age = |one: &Self, other: &Self| {
            may_be_fork(one).cmp(&may_be_fork(other)).then_with(|| one.order(other))
        };
        let older = family.iter().filter(|other| age(other, self) == Ordering::Less);
        let parent = older
            .max_by(|one, other| self.common(one).cmp(&self.common(other)).then_with(|| age(other, one)))?;
        let own_from = self.lines.get(self.common(parent)).map_or(u64::MAX, |line| line.offset);
        Some(Origin { parent: Some(parent.id.to_owned()), own_from })
    }

    /// Returns the number of lines at the beginning that both have.
    fn common(&self, other: &Self) -> usize {
        self.lines.iter().zip(&other.lines).take_while(|(one, other)| one.hash == other.hash).count()
    }

    /// Compares the ages: the session that went on first is the older one.
    fn order(&self, other: &Self) -> Ordering {
        let common = self.common(other);
        let went_on = |one: &Self| one.lines.get(common).map(|line| line.time);
        went_on(self).cmp(&went_on(other)).then_with(|| self.id.cmp(other.id))
    }
}

/// Returns the lines of a parent that its fork has copied.
pub(super) fn copied(parent: &Path, fork: &Path, own_from: u64) -> Result<Vec<u8>, StoreError> {
    let mut copied = HashSet::new();
    files::each_line(fork, |offset, json| {
        copied.extend((offset < own_from).then(|| hash(json)));
        Ok(true)
    })?;
    files::lines_with(parent, |json| copied.contains(&hash(json)))
}

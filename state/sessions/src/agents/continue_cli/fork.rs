//! Forks. No file names a session's parent. A fork begins with copies of the parent's messages, but
//! its sum of tokens begins at zero.

use std::collections::HashMap;
use std::path::PathBuf;

use jiff::Timestamp;
use uuid::Uuid;

use super::Known;
use super::document::{self, Document};
use crate::found::FoundSession;

/// Sessions, by the id of the first message.
pub(super) type Families = HashMap<Uuid, Vec<Member>>;

/// Session that begins as others do.
#[derive(Debug)]
pub(super) struct Member {
    native_id: String,
    /// Ids of its messages.
    ids: Vec<Uuid>,
    /// Number of copied messages.
    copied: usize,
}

/// Reads the messages of all sessions. A damaged one has no part in it.
fn families<'a>(sessions: impl Iterator<Item = &'a FoundSession>) -> Families {
    let mut families = Families::new();
    for session in sessions {
        let path: Option<&PathBuf> = session.files.first();
        let document = path.and_then(|path| document::read(path).ok().flatten());
        let Some(document) = document else { continue };
        let (ids, copied) = (document.ids(), copied(&document).unwrap_or(0));
        if let Some(first) = ids.first() {
            families.entry(*first).or_default().push(Member {
                native_id: session.native_id.clone(),
                ids,
                copied,
            });
        }
    }
    families
}

/// Part of a session that was copied.
#[derive(Debug, Default)]
pub(super) struct Origin {
    /// Number of copied messages.
    pub(super) copied: usize,
    pub(super) parent: Option<String>,
}

impl Origin {
    pub(super) fn of(native_id: &str, document: &Document, known: &Known) -> Self {
        let Some(copied) = copied(document).filter(|copied| *copied > 0) else { return Self::default() };
        let families = known.families.get_or_init(|| families(known.sessions.values()));
        let ids = document.ids();
        let family = ids.first().and_then(|first| families.get(first));
        let created = |id: &str| known.created.get(id).copied();
        // A fork copies all that its parent has said. A sibling has no more than the same copies.
        let has_it_all = |other: &&Member| {
            other.native_id != native_id
                && other.copied < copied
                && other.ids.get(copied - 1) == ids.get(copied - 1)
        };
        // A fork of the fork has these messages, too. The parent is older than both.
        let candidates = family.into_iter().flatten().filter(has_it_all);
        let parent = candidates.min_by_key(|other| created(&other.native_id).unwrap_or(Timestamp::MAX));
        let is_older = |other: &&Member| {
            let other = created(&other.native_id);
            created(native_id).is_none_or(|own| other.is_none_or(|created| created <= own))
        };
        Self { copied, parent: parent.filter(is_older).map(|parent| parent.native_id.clone()) }
    }
}

/// Returns the number of messages at the start whose tokens the session's sum leaves out; `None`
/// without a sum.
fn copied(document: &Document) -> Option<usize> {
    let sum = document.usage.as_ref()?.prompt_tokens?;
    let (mut own, mut copied) = (0_i64, document.history.len());
    for (place, item) in document.history.iter().enumerate().rev() {
        let tokens = item.message.usage.as_ref().map_or(0, |usage| usage.prompt_tokens);
        own = own.saturating_add(tokens);
        if own > sum {
            return Some(copied);
        }
        copied = place;
    }
    Some(0)
}

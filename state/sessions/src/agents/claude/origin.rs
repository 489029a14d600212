//! Forks: a fork's file begins with a copy of its parent's messages.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::line::{Beginning, Head};
use crate::error::StoreError;
use crate::files;

/// Files of sessions that begin with the same message. A fork whose parent is gone is one, too.
#[derive(Debug, Default)]
pub(super) struct Families {
    all: Vec<Vec<PathBuf>>,
    forks: HashSet<PathBuf>,
    by_message: HashMap<String, usize>,
    by_path: HashMap<PathBuf, usize>,
}

impl Families {
    /// Adds a file.
    pub(super) fn add(&mut self, beginning: Beginning, path: &Path) {
        if beginning.is_fork {
            self.forks.insert(path.to_owned());
        }
        let family = *self.by_message.entry(beginning.message).or_insert(self.all.len());
        if family == self.all.len() {
            self.all.push(Vec::new());
        }
        self.all[family].push(path.to_owned());
        self.by_path.insert(path.to_owned(), family);
    }

    /// Returns the family of a file; `None` if nothing in it can be a copy.
    pub(super) fn of(&self, path: &Path) -> Option<&[PathBuf]> {
        let family = self.all.get(*self.by_path.get(path)?)?;
        (family.len() > 1 || self.forks.contains(path)).then_some(family)
    }
}

/// The part of a fork that is its parent's.
#[derive(Default)]
pub(super) struct Origin {
    pub(super) parent: Option<String>,
    /// The parent's file; of a parent that is gone, a file with the same first message. Without it,
    /// a fork would not be known as one.
    pub(super) source: Option<PathBuf>,
    /// Byte where the first line starts that was not copied.
    pub(super) own_from: Option<u64>,
}

impl Origin {
    /// Finds the lines that a fork copied: they name their session, or have the ids of messages
    /// that the parent has, too.
    pub(super) fn of(path: &Path, families: &Families) -> Result<Self, StoreError> {
        let Some(family) = families.of(path) else { return Ok(Self::default()) };
        let mut named = None;
        let mut lines = Vec::new();
        files::each_line(path, |offset, json| {
            let line: Head<'_> = serde_json::from_str(json)?;
            let other = line.copied_from();
            lines.push((offset, line.uuid.as_deref().map(str::to_owned), other.is_some()));
            // A fork of a fork begins with lines that name the first one's parent.
            named = other.map(str::to_owned).or(named.take());
            Ok(true)
        })?;
        // Old versions name no parent: it is the session with the oldest start.
        let parent = match &named {
            Some(named) => family.iter().map(PathBuf::as_path).find(|other| files::stem(other) == named),
            None => first_of(family)?.filter(|first| *first != path),
        };
        let Some(parent_id) = named.or_else(|| parent.map(|parent| files::stem(parent).to_owned())) else {
            return Ok(Self::default());
        };
        let mut known = HashSet::new();
        if let Some(parent) = parent {
            files::each_line(parent, |_, json| {
                known.extend(serde_json::from_str::<Head<'_>>(json)?.uuid.map(Cow::into_owned));
                Ok(true)
            })?;
        }
        let is_known = |uuid: &Option<String>| uuid.as_ref().is_some_and(|uuid| known.contains(uuid));
        let last = lines.iter().rposition(|(_, uuid, is_named)| *is_named || is_known(uuid));
        let own_from = last.map(|last| lines.get(last + 1).map_or(u64::MAX, |(offset, ..)| *offset));
        let other = || family.iter().find(|other| *other != path);
        let source = parent.or_else(|| other().map(PathBuf::as_path)).map(Path::to_owned);
        Ok(Self { parent: Some(parent_id), source, own_from })
    }
}

/// Returns the file of a family whose first message is the oldest; `None` if several share the
/// oldest time: newer versions copy times, too.
fn first_of(family: &[PathBuf]) -> Result<Option<&Path>, StoreError> {
    let mut begun = Vec::new();
    for path in family {
        files::each_line(path, |_, json| {
            let line: Head<'_> = serde_json::from_str(json)?;
            let at = line.timestamp.filter(|_| line.is_message());
            begun.extend(at.map(|at| (at, path.as_path())));
            Ok(at.is_none())
        })?;
    }
    begun.sort();
    let is_alone = begun.get(1).is_none_or(|second| second.0 > begun[0].0);
    Ok(begun.first().filter(|_| is_alone).map(|(_, path)| *path))
}

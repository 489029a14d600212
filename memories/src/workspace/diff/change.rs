//! Changes between two snapshots.

use std::path::PathBuf;

use crate::workspace::snapshot::{Entries, Entry, Snapshot, as_path};

/// A change of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Path in the root. The path of an empty folder ends with `/`.
    pub path: PathBuf,
    /// The kind.
    pub kind: ChangeKind,
}

/// Kind of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// The file, link or empty folder is new.
    Added,
    /// The content changed.
    Modified,
    /// The file, link or empty folder is gone.
    Deleted,
    /// The file has another name. At least half of its content is the same.
    Renamed {
        /// The path before.
        from: PathBuf,
    },
    /// Only the owner's right to execute the file changed.
    ModeChanged,
    /// A link took the place of a file, or a file that of a link.
    TypeChanged,
}

impl ChangeKind {
    /// Returns git's letter for it.
    pub(super) const fn letter(&self) -> char {
        match self {
            Self::Added => 'A',
            Self::Modified | Self::ModeChanged => 'M',
            Self::Deleted => 'D',
            Self::Renamed { .. } => 'R',
            Self::TypeChanged => 'T',
        }
    }
}

/// A side of a change: path and entry.
pub(in crate::workspace) type Side<'a> = Option<(&'a [u8], Entry)>;

/// A change with both sides.
#[derive(Debug, Clone, Copy)]
pub(in crate::workspace) struct Delta<'a> {
    pub(in crate::workspace) old: Side<'a>,
    pub(in crate::workspace) new: Side<'a>,
}

impl<'a> Delta<'a> {
    pub(in crate::workspace) fn change(&self) -> Change {
        Change { path: as_path(self.path()).to_owned(), kind: self.kind() }
    }

    /// Returns the new path, or the old one of a removal.
    pub(in crate::workspace) fn path(&self) -> &'a [u8] {
        self.new.or(self.old).map_or(&[], |(path, _)| path)
    }

    pub(super) fn kind(&self) -> ChangeKind {
        match (self.old, self.new) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Deleted,
            (Some((from, _)), Some((to, _))) if from != to => {
                ChangeKind::Renamed { from: as_path(from).to_owned() }
            }
            (Some((_, old)), Some((_, new))) if !old.kind.is_like(new.kind) => ChangeKind::TypeChanged,
            (Some((_, old)), Some((_, new))) if old.id == new.id => ChangeKind::ModeChanged,
            _ => ChangeKind::Modified,
        }
    }
}

/// Compares entries with a snapshot. Returns the changes in the order of paths, without renames. A
/// file that cannot be read is not a removed one.
pub(in crate::workspace) fn compare<'a>(old: &'a Entries, new: &'a Snapshot) -> Vec<Delta<'a>> {
    let side = |entries: &'a Entries, path: &[u8]| {
        entries.get_key_value(path).map(|(path, entry)| (path.as_slice(), *entry))
    };
    let changed = old.iter().filter(|(path, entry)| new.entries.get(*path) != Some(*entry));
    let added = new.entries.iter().filter(|(path, _)| !old.contains_key(*path));
    let paths = changed.chain(added).map(|(path, _)| path);
    let deltas = paths.map(|path| Delta { old: side(old, path), new: side(&new.entries, path) });
    let mut deltas: Vec<_> =
        deltas.filter(|delta| delta.new.is_some() || !new.is_hidden(delta.path())).collect();
    deltas.sort_by(|a, b| a.path().cmp(b.path()));
    deltas
}

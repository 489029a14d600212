//! Content of changed files: of the baseline from its objects, of the workspace from the walk.

use std::collections::HashMap;
use std::path::Path;

use super::change::Side;
use crate::workspace::baseline::Content as Baseline;
use crate::workspace::error::WorkspaceError;
use crate::workspace::snapshot::{Item, Kind, Snapshot};

/// Largest file whose text is compared, in bytes.
const LARGEST: usize = 16 << 20;

/// Largest sum of contents that are held in memory, in bytes.
const MOST: usize = 64 << 20;

pub(super) struct Contents<'b> {
    baseline: &'b Baseline,
    changed: HashMap<Vec<u8>, Vec<u8>>,
}

impl<'b> Contents<'b> {
    /// Reads the workspace, and holds the content of files that differ from the baseline.
    pub(super) fn read(root: &Path, baseline: &'b Baseline) -> Result<(Snapshot, Self), WorkspaceError> {
        let (mut changed, mut held) = (HashMap::new(), 0);
        let snapshot = Snapshot::visit(root, &mut |item: Item<'_>| {
            let size = item.content.len();
            let is_changed = || baseline.entries.get(item.path) != Some(&item.entry);
            if item.entry.kind != Kind::Folder && size <= LARGEST && held + size <= MOST && is_changed() {
                held += size;
                changed.insert(item.path.to_owned(), item.content.to_owned());
            }
            Ok(())
        })?;
        Ok((snapshot, Self { baseline, changed }))
    }

    /// Returns the content of an entry of the baseline, unless it is too large or damaged.
    pub(super) fn before(&self, side: Side<'_>) -> Option<Vec<u8>> {
        let (_, entry) = side?;
        self.baseline.read(&entry).filter(|content| content.len() <= LARGEST)
    }

    /// Returns the content of an entry of the workspace, unless it is too large.
    pub(super) fn after(&self, side: Side<'_>) -> Option<&[u8]> {
        let (path, _) = side?;
        self.changed.get(path).map(Vec::as_slice)
    }
}

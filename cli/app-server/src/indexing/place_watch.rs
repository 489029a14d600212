//! Watches places of added agents through the kernel.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use threadkeep_app::agents::MAX_DEPTH;
use threadkeep_rollout::untouched;

use super::kernel::{A_MOMENT, CONTENTS, Event, Kernel, ReadFlags};

/// Watch over folders of added agents, with all in them.
pub(super) struct PlaceWatch {
    kernel: Kernel,
    /// Watched folders, by their numbers in the kernel.
    folders: HashMap<i32, Folder>,
    changed: BTreeSet<usize>,
    /// Folders that are gone, with all in them, and the numbers of their places.
    lost: Vec<(usize, PathBuf)>,
}

struct Folder {
    place: usize,
    path: PathBuf,
    /// True for a folder that was added, and false for one in it.
    is_top: bool,
}

impl PlaceWatch {
    pub(super) fn new() -> io::Result<PlaceWatch> {
        let (folders, changed, lost) = (HashMap::new(), BTreeSet::new(), Vec::new());
        Ok(PlaceWatch { kernel: Kernel::new()?, folders, changed, lost })
    }

    /// Watches a folder of a place. Returns false for a file, for a folder that is not there, and
    /// if the user has no watches left.
    pub(super) fn add(&mut self, place: usize, folder: &Path) -> bool {
        folder.is_dir() && self.add_tree(place, folder, 0).is_ok()
    }

    fn add_tree(&mut self, place: usize, folder: &Path, depth: usize) -> io::Result<()> {
        if let Some(number) = self.kernel.add(folder, CONTENTS)? {
            let path = folder.to_owned();
            self.folders.insert(number, Folder { place, path, is_top: depth == 0 });
        }
        for entry in untouched::entries(folder).unwrap_or_default() {
            if entry.kind == untouched::Kind::Folder && depth < MAX_DEPTH {
                self.add_tree(place, &folder.join(entry.name), depth + 1)?;
            }
        }
        Ok(())
    }

    /// Waits for a change, and collects more for a moment. Returns the numbers of places. Cancel
    /// safe.
    pub(super) async fn changed(&mut self) -> BTreeSet<usize> {
        while self.changed.is_empty() {
            let event = self.kernel.next().await;
            self.take(event);
        }
        tokio::time::sleep(A_MOMENT).await;
        while let Some(event) = self.kernel.ready() {
            self.take(event);
        }
        std::mem::take(&mut self.changed)
    }

    /// Returns the folders that were added and are gone since the last call.
    pub(super) fn lost(&mut self) -> Vec<(usize, PathBuf)> {
        std::mem::take(&mut self.lost)
    }

    fn take(&mut self, (number, event, name): Event) {
        if event.contains(ReadFlags::QUEUE_OVERFLOW) {
            self.changed.extend(self.folders.values().map(|folder| folder.place));
            return;
        }
        if event.contains(ReadFlags::IGNORED) {
            if let Some(folder) = self.folders.remove(&number).filter(|folder| folder.is_top) {
                self.changed.insert(folder.place);
                self.lost.push((folder.place, folder.path));
            }
            return;
        }
        let Some(folder) = self.folders.get(&number) else { return };
        // Readers of a database change this one.
        if name.ends_with("-shm") {
            return;
        }
        let (place, path) = (folder.place, folder.path.join(name));
        self.changed.insert(place);
        let is_new = event.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO);
        if event.contains(ReadFlags::ISDIR) && is_new && self.add_tree(place, &path, 1).is_err() {
            tracing::info!(target: "threadkeep", "a folder of another agent cannot be watched");
        }
    }
}

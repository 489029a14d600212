//! Rollouts and lists that are not in the mirror yet: many sessions, of several places, wait for
//! the disk together.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use threadkeep_rollout::MIRROR_ARCHIVE;
use uuid::Uuid;

use super::batch::Batch;
use super::checkpoint::{remove_both, remove_orphans};
use super::error::MirrorError;
use super::manifest::Manifest;
use super::remove;
use crate::files;

/// Bytes of rollouts that wait at most. A killed pass loses no more of its work.
const MOST_BYTES: usize = 16 << 20;

/// Rollouts and lists that wait for the disk.
#[derive(Debug)]
pub(super) struct Pending {
    folder: PathBuf,
    /// Lists of the agents that were read.
    manifests: BTreeMap<String, Manifest>,
    batch: Batch,
    has_failed: bool,
}

impl Pending {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            manifests: BTreeMap::new(),
            batch: Batch::default(),
            has_failed: false,
        }
    }

    /// Takes the list of an agent. Finishes what a killed process left.
    pub(super) fn take(&mut self, agent: &str) -> Result<Manifest, MirrorError> {
        if let Some(manifest) = self.manifests.remove(agent) {
            return Ok(manifest);
        }
        let (mut manifest, folder) = (Manifest::read(&self.folder, agent)?, self.folder.join(agent));
        remove_new(&folder)?;
        remove_orphans(&folder)?;
        manifest.add_unlisted(&folder);
        manifest.remove_deleted(&folder)?;
        Ok(manifest)
    }

    /// Returns the state of a place when all of its sessions were last read; `None` if it is not
    /// known.
    pub(super) fn state(&mut self, agent: &str, place: &Path) -> Option<String> {
        let manifest = self.take(agent).ok()?;
        let state = manifest.state(place).map(str::to_owned);
        self.put_back(agent, manifest);
        state
    }

    /// Puts the list of an agent back.
    pub(super) fn put_back(&mut self, agent: &str, manifest: Manifest) {
        if !self.has_failed {
            self.manifests.insert(agent.to_owned(), manifest);
        }
    }

    /// Returns the threads of an agent's sessions, by identity.
    pub(super) fn threads(&self, agent: &str) -> Result<HashMap<String, Uuid>, MirrorError> {
        let known = self.manifests.get(agent).map(Manifest::threads);
        known.map_or_else(|| Manifest::read_threads(&self.folder, agent), Ok)
    }

    /// Adds rollouts. Returns true if they should wait no longer.
    pub(super) fn add(&mut self, batch: Batch) -> bool {
        self.batch.add(batch);
        self.batch.bytes() >= MOST_BYTES
    }

    /// Puts everything in its place, with a list that was taken. After an error, nothing more is
    /// written: the next pass reads again what no list has.
    pub(super) fn finish(&mut self, taken: Option<(&str, &mut Manifest)>) -> Result<(), MirrorError> {
        if self.has_failed {
            return Ok(());
        }
        let finished = self.write(taken);
        if finished.is_err() {
            self.has_failed = true;
            self.manifests.clear();
        }
        finished
    }

    fn write(&mut self, taken: Option<(&str, &mut Manifest)>) -> Result<(), MirrorError> {
        let removed = std::mem::take(&mut self.batch).finish(&self.folder)?;
        let lists = self.manifests.iter_mut().map(|(agent, manifest)| (agent.as_str(), manifest));
        for (agent, manifest) in lists.chain(taken) {
            manifest.write(&self.folder, agent)?;
        }
        removed.iter().try_for_each(|path| remove_both(path))
    }
}

/// Removes files that were not put in their places.
fn remove_new(folder: &Path) -> Result<(), MirrorError> {
    let folders = [folder.to_owned(), folder.join(MIRROR_ARCHIVE)];
    let mut new = folders.iter().flat_map(|folder| files::files_with(folder, "new"));
    new.try_for_each(|path| remove(&path))
}

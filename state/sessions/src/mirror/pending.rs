//! Rollouts and lists that are not in the mirror yet: many sessions, of several places, wait for
//! the disk together.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::batch::Batch;
use super::error::MirrorError;
use super::manifest::Manifest;

/// Bytes of rollouts that wait at most. A killed pass loses no more of its work.
const MOST_BYTES: usize = 16 << 20;

/// Rollouts and lists that wait for the disk.
#[derive(Debug)]
pub(super) struct Pending {
    folder: PathBuf,
    /// Lists of the agents that were read.
    manifests: BTreeMap<String, Manifest>,
    batch: Batch,
}

impl Pending {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), manifests: BTreeMap::new(), batch: Batch::default() }
    }

    /// Takes the list of an agent.
    pub(super) fn take(&mut self, agent: &str) -> Result<Manifest, MirrorError> {
        self.manifests.remove(agent).map_or_else(|| Manifest::read(&self.folder, agent), Ok)
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
        self.manifests.insert(agent.to_owned(), manifest);
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

    /// Puts everything in its place.
    pub(super) fn finish(&mut self) -> Result<(), MirrorError> {
        std::mem::take(&mut self.batch).finish(&self.folder)?;
        self.manifests.iter_mut().try_for_each(|(agent, manifest)| manifest.write(&self.folder, agent))
    }
}

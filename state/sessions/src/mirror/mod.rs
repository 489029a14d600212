//! A mirror: sessions of agents as rollouts in a folder of ours, for programs that read rollouts.
//!
//! A session that its agent deletes stays in the mirror, marked as gone, and so do turns that it
//! erases. One process at a time brings a mirror up to date.

mod batch;
mod erased;
mod error;
mod manifest;
mod mirrored;
mod rebuilt;
mod recovered;
mod state;
mod sync;
mod write;

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use threadkeep_rollout::untouched;
use uuid::Uuid;

pub use error::MirrorError;
pub use mirrored::Mirrored;
pub use recovered::SessionCopy;
pub use state::unlisted;
pub use sync::SyncReport;

use self::manifest::Manifest;
use self::sync::Pass;
use crate::disk;
use crate::found::Unread;
use crate::ids::{OtherThreads, ThreadIds};
use crate::store::{SessionStore, is_name};

/// Mirror of sessions.
#[derive(Debug, Clone)]
pub struct Mirror {
    folder: PathBuf,
    deleted: HashSet<Uuid>,
    added: Option<Vec<PathBuf>>,
}

impl Mirror {
    /// Names the folder of a mirror. It need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), deleted: HashSet::new(), added: None }
    }

    /// Sets the threads that the user has deleted. Their sessions have no rollout. Default: none.
    #[must_use]
    pub fn without(mut self, deleted: HashSet<Uuid>) -> Self {
        self.deleted = deleted;
        self
    }

    /// Sets the agent's added places. A session of any other place moves to an added place with
    /// the same session. Default: all places in the list that exist, and the place that is read.
    #[must_use]
    pub fn with_places(mut self, added: Vec<PathBuf>) -> Self {
        self.added = Some(added);
        self
    }

    /// Returns the folder: one folder an agent, with its rollouts.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Brings the mirror of one place up to date. Returns `None` if another process works on it.
    ///
    /// # Errors
    ///
    /// [`MirrorError`], if the place or the mirror as a whole cannot be read or written. A session
    /// that cannot be read is in the report.
    pub fn sync(&self, store: &dyn SessionStore, place: &Path) -> Result<Option<SyncReport>, MirrorError> {
        self.lock()?.map(|lock| lock.sync(store, place)).transpose()
    }

    fn pass(
        &self,
        store: &dyn SessionStore,
        place: &Path,
        manifest: &mut Manifest,
    ) -> Result<SyncReport, MirrorError> {
        let known = || manifest.places.keys().cloned().chain([place.to_owned()]).collect();
        let mut added = self.added.clone().unwrap_or_else(known);
        added.retain(|place| place.exists());
        added.sort();
        added.dedup();
        manifest.set_added(added);
        // Taken first: what changes meanwhile is seen by the next pass.
        let listed = state::of(&store.watched(place));
        let state = listed.state();
        if manifest.is_current(place, &state)
            && self.is_as_decided(store.name(), manifest, place)
            && self.originals_are_known(manifest, place)?
        {
            let sessions = manifest.places.get(place).into_iter().flat_map(BTreeMap::values);
            let present = sessions.filter(|known| known.gone_since.is_none()).count();
            return Ok(SyncReport::unchanged(present));
        }
        let ids = self.ids(store.name())?;
        let unlisted = &listed.unlisted;
        let report = Pass { mirror: self, store, place, manifest, ids: &ids, unlisted }.run()?;
        let is_whole = report.failed.is_empty() && report.vanished == 0;
        manifest.set_state(place, is_whole.then_some(state));
        Ok(report)
    }

    /// Returns the sessions of an agent that were mirrored, of all its places.
    ///
    /// # Errors
    ///
    /// [`MirrorError`], if the list cannot be read.
    pub fn sessions(&self, agent: &str) -> Result<Vec<Mirrored>, MirrorError> {
        Ok(Manifest::read(&self.folder, agent)?.sessions().cloned().collect())
    }

    /// Returns what could not be read in a place of an agent.
    ///
    /// # Errors
    ///
    /// [`MirrorError`], if the list cannot be read.
    pub fn unread(&self, agent: &str, place: &Path) -> Result<Vec<Unread>, MirrorError> {
        Ok(Manifest::read(&self.folder, agent)?.unread(place).to_vec())
    }

    /// Returns true if the mirror has a list or rollouts of an agent.
    pub fn has(&self, agent: &str) -> bool {
        is_name(agent) && (self.folder.join(agent).is_dir() || manifest::path(&self.folder, agent).is_file())
    }

    /// Returns the ids of an agent's threads, given those of all other agents.
    fn ids<'a>(&self, agent: &'a str) -> Result<ThreadIds<'a>, MirrorError> {
        let mut others = OtherThreads::new();
        for other in self.agents()?.into_iter().filter(|other| other != agent) {
            let threads = Manifest::threads(&self.folder, &other)?;
            others.insert(other, threads);
        }
        Ok(ThreadIds::with_others(agent, others))
    }

    /// Returns the names of the agents that have sessions here.
    fn agents(&self) -> Result<Vec<String>, MirrorError> {
        let entries = untouched::entries(&self.folder).map_err(MirrorError::io(&self.folder))?;
        let folders = entries.into_iter().filter(|entry| entry.kind == untouched::Kind::Folder);
        Ok(folders.filter_map(|entry| entry.name.into_string().ok()).collect())
    }

    /// Returns true if each session of a place has its rollout, and a deleted one has none.
    fn is_as_decided(&self, agent: &str, manifest: &Manifest, place: &Path) -> bool {
        let folder = self.folder.join(agent);
        let mut sessions = manifest.places.get(place).into_iter().flat_map(BTreeMap::values);
        sessions.all(|known| {
            known.deleted == self.deleted.contains(&known.thread_id)
                && (known.deleted || folder.join(&known.file).exists())
        })
    }

    /// Returns true if no original of a place's migrated sessions has another thread than when the
    /// place was last read.
    fn originals_are_known(&self, manifest: &Manifest, place: &Path) -> Result<bool, MirrorError> {
        let sessions = manifest.places.get(place).into_iter().flat_map(BTreeMap::values);
        let mut threads = OtherThreads::new();
        for original in sessions.filter_map(|session| session.migrated_from.as_ref()) {
            if !threads.contains_key(&original.agent) {
                let of_agent = Manifest::threads(&self.folder, &original.agent)?;
                threads.insert(original.agent.clone(), of_agent);
            }
            if threads[&original.agent].get(&original.identity).copied() != original.thread_id {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes the lock of the mirror; `None` if another process has it.
    ///
    /// # Errors
    ///
    /// [`MirrorError::Io`], if there can be no lock file.
    pub fn lock(&self) -> Result<Option<MirrorLock>, MirrorError> {
        create_private(&self.folder)?;
        let path = self.folder.join("lock");
        let file = disk::try_lock(&path).map_err(MirrorError::io(path))?;
        Ok(file.map(|file| MirrorLock { mirror: self.clone(), _file: file }))
    }
}

/// Lock of a mirror. While it is held, no other process writes to the mirror.
#[derive(Debug)]
pub struct MirrorLock {
    mirror: Mirror,
    _file: File,
}

impl MirrorLock {
    /// Brings the mirror of one place up to date.
    ///
    /// # Errors
    ///
    /// As [`Mirror::sync`].
    pub fn sync(&self, store: &dyn SessionStore, place: &Path) -> Result<SyncReport, MirrorError> {
        let (folder, agent) = (&self.mirror.folder, store.name());
        let mut manifest = Manifest::read(folder, agent)?;
        let damaged = manifest.damaged(folder, agent);
        let report = self.mirror.pass(store, place, &mut manifest);
        if let Err(error) = &report {
            // Nothing of the place was read.
            manifest.set_unread(place, &[Unread::new(place, error)]);
        }
        manifest.write(folder, agent)?;
        report.map(|report| SyncReport { damaged, ..report })
    }

    /// Removes the rollout of a deleted thread, so that no words of it stay. Returns false if the
    /// mirror has no such thread.
    ///
    /// # Errors
    ///
    /// [`MirrorError`], if the file cannot be removed.
    pub fn erase(&self, agent: &str, thread_id: Uuid) -> Result<bool, MirrorError> {
        let folder = &self.mirror.folder;
        let mut manifest = Manifest::read(folder, agent)?;
        let erased = manifest.erase(thread_id);
        for file in &erased {
            remove(&folder.join(agent).join(file))?;
        }
        if !erased.is_empty() {
            manifest.write(folder, agent)?;
        }
        Ok(!erased.is_empty())
    }

    /// Removes the rollouts of an agent, also those whose sessions are gone, and its list.
    ///
    /// # Errors
    ///
    /// [`MirrorError::NotAnAgent`], if the name could be a path; else as [`erase`](Self::erase).
    pub fn forget(&self, agent: &str) -> Result<(), MirrorError> {
        if !is_name(agent) {
            return Err(MirrorError::NotAnAgent { agent: agent.to_owned() });
        }
        let folder = &self.mirror.folder;
        let rollouts = folder.join(agent);
        disk::remove_folder(&rollouts).map_err(MirrorError::io(rollouts))?;
        remove(&manifest::damaged(folder, agent))?;
        remove(&manifest::path(folder, agent))
    }
}

/// Removes the rollout of a session, if it has one.
fn remove_rollout(folder: &Path, session: &Mirrored) -> Result<(), MirrorError> {
    if session.file.is_empty() { Ok(()) } else { remove(&folder.join(&session.file)) }
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> Result<(), MirrorError> {
    disk::remove_file(path).map_err(MirrorError::io(path))
}

fn create_private(folder: &Path) -> Result<(), MirrorError> {
    disk::create_private(folder).map_err(MirrorError::io(folder))
}

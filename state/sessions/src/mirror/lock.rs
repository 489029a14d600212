//! Lock of a mirror, and the operations that need it.

use std::collections::{BTreeMap, HashSet};
use std::iter::zip;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread;

use threadkeep_rollout::untouched;
use uuid::Uuid;

use super::checkpoint;
use super::error::MirrorError;
use super::manifest::{self, Manifest};
use super::pending::Pending;
use super::state::Listed;
use super::sync::{Pass, SyncReport};
use super::{Mirror, remove, state};
use crate::disk;
use crate::error::StoreError;
use crate::found::Unread;
use crate::ids::{OtherThreads, ThreadIds};
use crate::store::{OpenStore, SessionStore, is_name};

/// Places that are looked at at the same time.
const LOOKERS: usize = 2;

/// Lock of a mirror. While it is held, no other process writes to the mirror.
#[derive(Debug)]
pub struct MirrorLock {
    pub(super) mirror: Mirror,
    pub(super) pending: Pending,
    _lock: disk::Lock,
}

/// Place of a store.
#[derive(Debug, Clone, Copy)]
pub struct StorePlace<'a> {
    /// Store.
    pub store: &'a dyn SessionStore,
    /// Place.
    pub path: &'a Path,
}

/// State of a place before its sessions are read. The next pass sees all changes from then on.
struct Looked {
    listed: Listed,
    state: String,
    /// The place; `None` if it is as it was in the last pass.
    open: Option<Result<OpenStore, StoreError>>,
}

impl Looked {
    fn at(place: &StorePlace<'_>, known: Option<String>) -> Self {
        let listed = state::of(&place.store.watched(place.path));
        let state = listed.state();
        let open = (known.as_deref() != Some(&state)).then(|| place.store.open(place.path));
        Self { listed, state, open }
    }
}

impl MirrorLock {
    pub(super) fn new(mirror: Mirror, lock: disk::Lock) -> Self {
        Self { pending: Pending::new(&mirror.folder), mirror, _lock: lock }
    }

    /// Sets the threads that the user has deleted, as [`Mirror::without`].
    #[must_use]
    pub fn without(mut self, deleted: HashSet<Uuid>) -> Self {
        self.mirror.deleted = deleted;
        self
    }

    /// Reads the new and changed sessions of some places, and gives a report of each. The sessions
    /// are in the mirror after [`finish`](Self::finish), or some of them before: waiting for the
    /// disk takes time.
    ///
    /// # Errors
    ///
    /// Each as of [`Mirror::sync`].
    pub fn read(&mut self, places: &[StorePlace<'_>]) -> Vec<Result<SyncReport, MirrorError>> {
        let known = places.iter().map(|place| self.pending.state(place.store.name(), place.path));
        let known: Vec<_> = known.collect();
        let (send, looked): (Vec<_>, Vec<_>) = places.iter().map(|_| sync_channel(1)).unzip();
        let waiting = Mutex::new(zip(zip(places, known), send));
        // Other places are looked at while the sessions of one are read.
        let look = || {
            let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            while let Some(((place, known), send)) = next() {
                _ = send.send(Looked::at(place, known));
            }
        };
        thread::scope(|scope| {
            (0..LOOKERS).for_each(|_| _ = scope.spawn(look));
            let looked = looked.into_iter().filter_map(|looked| looked.recv().ok());
            zip(places, looked).map(|(place, looked)| self.read_one(place, looked)).collect()
        })
    }

    fn read_one(&mut self, place: &StorePlace<'_>, looked: Looked) -> Result<SyncReport, MirrorError> {
        let agent = place.store.name();
        let mut manifest = self.pending.take(agent)?;
        let damaged = manifest.damaged(&self.mirror.folder, agent);
        let report = self.pass(place, looked, &mut manifest);
        if let Err(MirrorError::Store(error)) = &report {
            manifest.set_unread(place.path, &[Unread::new(place.path, error)]);
        }
        self.pending.put_back(agent, manifest);
        report.map(|report| SyncReport { damaged, ..report })
    }

    /// Puts what was read into the mirror.
    ///
    /// # Errors
    ///
    /// [`MirrorError::Io`], if a file cannot be written.
    pub fn finish(mut self) -> Result<(), MirrorError> {
        self.pending.finish(None)
    }

    fn pass(
        &mut self,
        place: &StorePlace<'_>,
        looked: Looked,
        manifest: &mut Manifest,
    ) -> Result<SyncReport, MirrorError> {
        let &StorePlace { store, path } = place;
        let known = || manifest.places.keys().cloned().chain([path.to_owned()]).collect();
        let mut added = self.mirror.added.get(store.name()).cloned().unwrap_or_else(known);
        added.retain(|place| place.exists());
        added.sort();
        added.dedup();
        manifest.set_added(added);
        let Looked { listed, state, open } = looked;
        if manifest.state(path) == Some(&state)
            && self.is_as_decided(store.name(), manifest, path)
            && self.originals_are_known(manifest, path)?
        {
            let sessions = manifest.places.get(path).into_iter().flat_map(BTreeMap::values);
            let present = sessions.filter(|known| known.gone_since.is_none()).count();
            return Ok(SyncReport::unchanged(present));
        }
        super::create_private(&self.mirror.folder.join(store.name()))?;
        let open = open.unwrap_or_else(|| store.open(path))?;
        let ids = self.ids(store.name())?;
        let (mirror, pending, unlisted) = (&self.mirror, &mut self.pending, &listed.unlisted);
        let report =
            Pass { mirror, store, place: path, manifest, pending, ids: &ids, unlisted }.run(&open)?;
        let is_whole = report.failed.is_empty() && report.vanished == 0;
        manifest.set_state(path, is_whole.then_some(state));
        Ok(report)
    }

    /// Returns the ids of an agent's threads, given those of all other agents.
    pub(super) fn ids<'a>(&self, agent: &'a str) -> Result<ThreadIds<'a>, MirrorError> {
        let mut others = OtherThreads::new();
        for other in self.agents()?.into_iter().filter(|other| other != agent) {
            let threads = self.pending.threads(&other)?;
            others.insert(other, threads);
        }
        let kept = self.mirror.kept.iter().filter(|(other, _)| other != agent);
        Ok(ThreadIds::with_others(agent, others).leaving(kept.map(|(_, thread)| *thread)))
    }

    /// Returns the names of the agents that have sessions here.
    fn agents(&self) -> Result<Vec<String>, MirrorError> {
        let entries =
            untouched::entries(&self.mirror.folder).map_err(MirrorError::io(&self.mirror.folder))?;
        let folders = entries.into_iter().filter(|entry| entry.kind == untouched::Kind::Folder);
        Ok(folders.filter_map(|entry| entry.name.into_string().ok()).collect())
    }

    /// Returns true if each session of a place has its rollout, and a deleted one has none.
    fn is_as_decided(&self, agent: &str, manifest: &Manifest, place: &Path) -> bool {
        let folder = self.mirror.folder.join(agent);
        let mut sessions = manifest.places.get(place).into_iter().flat_map(BTreeMap::values);
        sessions.all(|known| {
            known.deleted == self.mirror.deleted.contains(&known.thread_id)
                && (known.deleted || known.has_rollout(&folder))
        })
    }

    /// Returns true if no original of a place's migrated sessions has another thread than when the
    /// place was last read.
    fn originals_are_known(&self, manifest: &Manifest, place: &Path) -> Result<bool, MirrorError> {
        let sessions = manifest.places.get(place).into_iter().flat_map(BTreeMap::values);
        let mut threads = OtherThreads::new();
        for original in sessions.filter_map(|session| session.migrated_from.as_ref()) {
            if !threads.contains_key(&original.agent) {
                let of_agent = self.pending.threads(&original.agent)?;
                threads.insert(original.agent.clone(), of_agent);
            }
            if threads[&original.agent].get(&original.identity).copied() != original.thread_id {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes the rollout of a deleted thread, so that no words of it stay. Returns false if the
    /// mirror has no such thread.
    ///
    /// # Errors
    ///
    /// [`MirrorError`], if the file cannot be removed.
    pub fn erase(&mut self, agent: &str, thread_id: Uuid) -> Result<bool, MirrorError> {
        let folder = self.mirror.folder.join(agent);
        let mut manifest = self.pending.take(agent)?;
        let erased = manifest.erase(thread_id);
        erased.iter().try_for_each(|file| checkpoint::remove_both(&folder.join(file)))?;
        self.pending.finish(Some((agent, &mut manifest)))?;
        self.pending.put_back(agent, manifest);
        Ok(!erased.is_empty())
    }

    /// Removes the rollouts of an agent, also those whose sessions are gone. Its list stays, and
    /// says that the agent is not [forgotten](Self::forget) yet.
    ///
    /// # Errors
    ///
    /// [`MirrorError::NotAnAgent`], if the name could be a path; else as [`erase`](Self::erase).
    pub fn remove_rollouts(&self, agent: &str) -> Result<(), MirrorError> {
        if !is_name(agent) {
            return Err(MirrorError::NotAnAgent { agent: agent.to_owned() });
        }
        let rollouts = self.mirror.folder.join(agent);
        disk::remove_folder(&rollouts).map_err(MirrorError::io(rollouts))
    }

    /// Removes the rollouts of an agent and its list.
    ///
    /// # Errors
    ///
    /// As [`remove_rollouts`](Self::remove_rollouts).
    pub fn forget(&self, agent: &str) -> Result<(), MirrorError> {
        self.remove_rollouts(agent)?;
        let folder = &self.mirror.folder;
        remove(&manifest::damaged(folder, agent))?;
        remove(&manifest::path(folder, agent))
    }
}

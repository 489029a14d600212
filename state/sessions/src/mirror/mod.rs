//! A mirror: sessions of agents as rollouts in a folder of ours, for whatever reads rollouts.
//!
//! A session that its agent deletes stays in the mirror, marked as gone, and so do turns that it
//! erases. One process at a time brings a mirror up to date.

mod batch;
mod erased;
mod error;
mod manifest;
mod state;
mod sync;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use threadkeep_rollout::untouched;
use uuid::Uuid;

pub use error::MirrorError;
pub use manifest::Mirrored;
pub use sync::SyncReport;

use self::manifest::Manifest;
use crate::ids::ThreadIds;
use crate::store::SessionStore;

/// Mirror of sessions.
#[derive(Debug, Clone)]
pub struct Mirror {
    folder: PathBuf,
}

impl Mirror {
    /// Names the folder of a mirror. It need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Returns the folder: one folder an agent, with its rollouts.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Brings the mirror of one place up to date. Returns `None` if another process is doing that.
    ///
    /// # Errors
    ///
    /// [`MirrorError`], if the place or the mirror as a whole cannot be read or written. A session
    /// that cannot be read is in the report.
    pub fn sync(&self, store: &dyn SessionStore, place: &Path) -> Result<Option<SyncReport>, MirrorError> {
        let Some(_lock) = self.lock()? else { return Ok(None) };
        let mut manifest = Manifest::read(&self.folder, store.name())?;
        // Taken first: what changes meanwhile is seen by the next pass.
        let state = state::of(&store.watched(place));
        if manifest.is_current(place, &state) && self.has_rollouts(store.name(), &manifest, place) {
            let sessions = manifest.places.get(place).into_iter().flat_map(BTreeMap::values);
            let present = sessions.filter(|known| known.gone_since.is_none()).count();
            return Ok(Some(SyncReport::unchanged(present)));
        }
        let mut taken = Vec::new();
        for agent in self.agents()?.iter().filter(|agent| *agent != store.name()) {
            taken.extend(Manifest::read(&self.folder, agent)?.sessions().map(|session| session.thread_id));
        }
        let ids = ThreadIds::new(store.name(), taken);
        let report = sync::sync(&self.folder, store, place, &mut manifest, &ids)?;
        let is_whole = report.failed.is_empty() && report.vanished == 0;
        manifest.set_state(place, is_whole.then_some(state));
        manifest.write(&self.folder, store.name())?;
        Ok(Some(report))
    }

    /// Returns the sessions of an agent that were mirrored, of all its places.
    ///
    /// # Errors
    ///
    /// [`MirrorError`], if the list cannot be read.
    pub fn sessions(&self, agent: &str) -> Result<Vec<Mirrored>, MirrorError> {
        Ok(Manifest::read(&self.folder, agent)?.sessions().cloned().collect())
    }

    /// Removes the rollout of a deleted thread, so that no words of it stay. Its session is not
    /// mirrored again. Returns false if the mirror has no such thread.
    ///
    /// # Errors
    ///
    /// [`MirrorError`], if the file cannot be removed, or another process works on the mirror.
    pub fn erase(&self, agent: &str, thread_id: Uuid) -> Result<bool, MirrorError> {
        let Some(_lock) = self.lock()? else { return Err(MirrorError::Busy { folder: self.folder.clone() }) };
        let mut manifest = Manifest::read(&self.folder, agent)?;
        let erased = manifest.erase(thread_id);
        for file in &erased {
            let path = self.folder.join(agent).join(file);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(MirrorError::io(path)(error));
                }
                _ => {}
            }
        }
        if !erased.is_empty() {
            manifest.write(&self.folder, agent)?;
        }
        Ok(!erased.is_empty())
    }

    /// Removes the rollouts of an agent, also those whose sessions are gone, and its list.
    ///
    /// # Errors
    ///
    /// As [`erase`](Self::erase).
    pub fn forget(&self, agent: &str) -> Result<(), MirrorError> {
        let Some(_lock) = self.lock()? else { return Err(MirrorError::Busy { folder: self.folder.clone() }) };
        let ignore =
            |error: io::Error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) };
        let folder = self.folder.join(agent);
        fs::remove_dir_all(&folder).or_else(ignore).map_err(MirrorError::io(folder))?;
        let list = manifest::path(&self.folder, agent);
        fs::remove_file(&list).or_else(ignore).map_err(MirrorError::io(list))
    }

    /// Returns the names of the agents that have sessions here.
    fn agents(&self) -> Result<Vec<String>, MirrorError> {
        let entries = untouched::entries(&self.folder).map_err(MirrorError::io(&self.folder))?;
        let folders = entries.into_iter().filter(|entry| entry.kind == untouched::Kind::Folder);
        Ok(folders.filter_map(|entry| entry.name.into_string().ok()).collect())
    }

    /// Returns true if the rollout of every session of a place is there.
    fn has_rollouts(&self, agent: &str, manifest: &Manifest, place: &Path) -> bool {
        let folder = self.folder.join(agent);
        let sessions = manifest.places.get(place).into_iter().flat_map(BTreeMap::values);
        sessions.filter(|known| !known.deleted).all(|known| folder.join(&known.file).exists())
    }

    /// Takes the lock of the mirror; `None` if another process has it.
    fn lock(&self) -> Result<Option<File>, MirrorError> {
        create_private(&self.folder)?;
        let path = self.folder.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(MirrorError::io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(MirrorError::io(path)(error)),
        }
    }
}

/// Creates a folder for this user alone, if there is none.
fn create_private(folder: &Path) -> Result<(), MirrorError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(MirrorError::io(folder))
}

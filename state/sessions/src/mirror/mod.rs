//! A mirror: sessions of agents as rollouts in a folder of ours, for programs that read rollouts.
//!
//! A session that its agent deletes stays in the mirror, marked as gone, and so do turns that it
//! erases. One process at a time brings a mirror up to date.

mod batch;
mod checkpoint;
mod erased;
mod error;
mod lock;
mod manifest;
mod mirrored;
mod pending;
mod rebuilt;
mod recovered;
mod state;
mod sync;
mod write;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use uuid::Uuid;

pub use error::MirrorError;
pub use lock::{MirrorLock, StorePlace};
pub use mirrored::Mirrored;
pub use recovered::SessionCopy;
pub use state::unlisted;
pub use sync::SyncReport;

use self::manifest::Manifest;
use crate::disk;
use crate::found::Unread;
use crate::store::{SessionStore, is_name};

/// Default of [`Mirror::with_checkpoints_from`]: a smaller session is read whole sooner than anyone
/// notices.
const LARGE: u64 = 1 << 20;

/// Mirror of sessions.
#[derive(Debug, Clone)]
pub struct Mirror {
    folder: PathBuf,
    deleted: HashSet<Uuid>,
    /// Added places, by agent.
    added: BTreeMap<String, Vec<PathBuf>>,
    /// Threads of kept copies, with their agents.
    kept: Vec<(String, Uuid)>,
    /// Bytes from which on a session has a checkpoint.
    large: u64,
}

impl Mirror {
    /// Names the folder of a mirror. It need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let (deleted, added, kept) = (HashSet::new(), BTreeMap::new(), Vec::new());
        Self { folder: folder.into(), deleted, added, kept, large: LARGE }
    }

    /// Sets the threads that the user has deleted. Their sessions have no rollout. Default: none.
    #[must_use]
    pub fn without(mut self, deleted: HashSet<Uuid>) -> Self {
        self.deleted = deleted;
        self
    }

    /// Sets the threads of kept copies, with their agents, as
    /// [`Vault::copies`](crate::Vault::copies). No session of another agent gets one of them.
    /// Default: none.
    #[must_use]
    pub fn with_kept(mut self, kept: Vec<(String, Uuid)>) -> Self {
        self.kept = kept;
        self
    }

    /// Sets an agent's added places. A session of any other place moves to an added place with the
    /// same session. Default: all places in the list that exist, and the place that is read.
    #[must_use]
    pub fn with_places(mut self, agent: &str, added: Vec<PathBuf>) -> Self {
        self.added.insert(agent.to_owned(), added);
        self
    }

    /// Sets the length of a session's files, in bytes, from which on it has a checkpoint: when it
    /// has grown, it is read on from its last turn. Default: 1 MiB.
    #[must_use]
    pub fn with_checkpoints_from(mut self, bytes: u64) -> Self {
        self.large = bytes;
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
        let Some(mut lock) = self.lock()? else { return Ok(None) };
        let report = lock.read(&[StorePlace { store, path: place }]).pop();
        lock.finish()?;
        report.transpose()
    }

    /// Returns the sessions of an agent that were mirrored, of all its places.
    ///
    /// # Errors
    ///
    /// [`MirrorError`], if the list cannot be read.
    pub fn sessions(&self, agent: &str) -> Result<Vec<Mirrored>, MirrorError> {
        Ok(Manifest::read(&self.folder, agent)?.sessions().cloned().collect())
    }

    /// Returns the threads of an agent whose sessions are gone from all of its places, with the
    /// times at which that was found. Much faster than [`sessions`](Self::sessions).
    ///
    /// # Errors
    ///
    /// [`MirrorError`], if the list cannot be read.
    pub fn gone(&self, agent: &str) -> Result<HashMap<Uuid, Timestamp>, MirrorError> {
        Manifest::read_gone(&self.folder, agent)
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

    /// Takes the lock of the mirror; `None` if another process has it.
    ///
    /// # Errors
    ///
    /// [`MirrorError::Io`], if there can be no lock file.
    pub fn lock(&self) -> Result<Option<MirrorLock>, MirrorError> {
        create_private(&self.folder)?;
        let path = self.folder.join("lock");
        let lock = disk::try_lock(&path).map_err(MirrorError::io(path))?;
        Ok(lock.map(|lock| MirrorLock::new(self.clone(), lock)))
    }
}

/// Removes the rollout of a session, if it has one.
fn remove_rollout(folder: &Path, session: &Mirrored) -> Result<(), MirrorError> {
    if session.file.is_empty() { Ok(()) } else { checkpoint::remove_both(&folder.join(&session.file)) }
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> Result<(), MirrorError> {
    disk::remove_file(path).map_err(MirrorError::io(path))
}

fn create_private(folder: &Path) -> Result<(), MirrorError> {
    disk::create_private(folder).map_err(MirrorError::io(folder))
}

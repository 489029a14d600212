//! A vault: copies of sessions' files, as their agents wrote them, that stay when the agents delete
//! theirs.
//!
//! `<agent>/<thread>/kept.json` describes a copy, and names the folder next to it with the files. A
//! new copy is written to another folder, and `kept.json` then replaced. So a kill leaves the old
//! copy or the new one. The next process that takes the lock removes what a killed one left.

mod entry;
mod error;
mod keep;
mod kept;
mod leftovers;
mod path;
mod restore;
mod take_over;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use threadkeep_rollout::untouched;
use uuid::Uuid;

pub use entry::LeftAlone;
pub use error::VaultError;
pub use kept::{Kept, KeptFile, VaultContents};
pub use restore::Restored;

use crate::disk;
use crate::found::FoundSession;
use crate::store::{OpenStore, SessionStore, is_name};

/// Vault of sessions' files.
#[derive(Debug, Clone)]
pub struct Vault {
    folder: PathBuf,
}

impl Vault {
    /// Names the folder of a vault. It need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Returns the folder: one folder an agent, with one folder a thread.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the kept sessions, by agent and thread, and the folders of damaged copies.
    ///
    /// # Errors
    ///
    /// [`VaultError::Io`], if the vault cannot be listed.
    pub fn contents(&self) -> Result<VaultContents, VaultError> {
        let mut contents = VaultContents::default();
        for (agent, thread_id) in self.copies()? {
            let folder = self.of(&agent, thread_id);
            match kept::read(&folder) {
                Ok(Some(kept)) => {
                    let kept = Kept { agent, thread_id, ..kept };
                    if self.is_whole(&kept) {
                        contents.kept.push(kept);
                    } else {
                        contents.damaged.push(folder);
                    }
                }
                // A copy that was not completed, or is being removed.
                Ok(None) => {}
                Err(_) => contents.damaged.push(folder),
            }
        }
        Ok(contents)
    }

    /// Returns the copy of a thread's session; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`VaultError`], if its description cannot be read.
    pub fn get(&self, agent: &str, thread_id: Uuid) -> Result<Option<Kept>, VaultError> {
        let kept = kept::read(&self.of(agent, thread_id))?;
        Ok(kept.map(|kept| Kept { agent: agent.to_owned(), thread_id, ..kept }))
    }

    /// Returns the folder with a copy's files: a place of the agent with this session alone, and
    /// with parts of others that it needs.
    pub fn place(&self, kept: &Kept) -> PathBuf {
        self.of(&kept.agent, kept.thread_id).join(&kept.copy)
    }

    /// Returns true if all files of a copy are there, with their lengths.
    pub fn is_whole(&self, kept: &Kept) -> bool {
        let place = self.place(kept);
        kept.files.iter().all(|file| {
            let metadata = fs::symlink_metadata(place.join(&file.path));
            metadata.is_ok_and(|metadata| metadata.is_file() && metadata.len() == file.bytes)
        })
    }

    /// Opens a copy with the agent's store.
    ///
    /// # Errors
    ///
    /// [`VaultError`], if the files cannot be read, or the session is not among them.
    pub fn open(
        &self,
        store: &dyn SessionStore,
        kept: &Kept,
    ) -> Result<(OpenStore, FoundSession), VaultError> {
        keep::find(store, &self.place(kept), kept.identity())
    }

    /// Takes the lock of the vault; `None` if another process has it. Removes what a killed process
    /// left.
    ///
    /// # Errors
    ///
    /// [`VaultError::Io`], if there can be no lock file.
    pub fn lock(&self) -> Result<Option<VaultLock>, VaultError> {
        create_private(&self.folder)?;
        let path = self.folder.join("lock");
        let Some(lock) = disk::try_lock(&path).map_err(VaultError::io(path))? else { return Ok(None) };
        for agent in folders(&self.folder)?.into_iter().filter(|name| is_name(name)) {
            leftovers::remove_parts(&self.folder.join(agent))?;
        }
        for (agent, thread_id) in self.copies()? {
            leftovers::remove(&self.of(&agent, thread_id))?;
        }
        Ok(Some(VaultLock { vault: self.clone(), _lock: lock }))
    }

    /// Returns the agent and the thread of each copy, and of what a killed process left of one.
    ///
    /// # Errors
    ///
    /// [`VaultError::Io`], if the vault cannot be listed.
    pub fn copies(&self) -> Result<Vec<(String, Uuid)>, VaultError> {
        let mut threads = Vec::new();
        for agent in folders(&self.folder)?.into_iter().filter(|name| is_name(name)) {
            let ids = folders(&self.folder.join(&agent))?.into_iter();
            threads.extend(ids.filter_map(|id| Some((agent.clone(), Uuid::try_parse(&id).ok()?))));
        }
        threads.sort();
        Ok(threads)
    }

    fn of(&self, agent: &str, thread_id: Uuid) -> PathBuf {
        self.folder.join(agent).join(thread_id.to_string())
    }
}

/// Lock of a vault. While it is held, no other process writes to the vault.
#[derive(Debug)]
pub struct VaultLock {
    vault: Vault,
    _lock: disk::Lock,
}

impl VaultLock {
    /// Removes all copies of a thread's session. Returns false if there was none.
    ///
    /// # Errors
    ///
    /// [`VaultError::Io`], if a file cannot be removed.
    pub fn remove(&self, thread_id: Uuid) -> Result<bool, VaultError> {
        let mut is_any = false;
        for (agent, _) in self.vault.copies()?.into_iter().filter(|(_, kept)| *kept == thread_id) {
            remove_folder(&self.vault.of(&agent, thread_id))?;
            is_any = true;
        }
        Ok(is_any)
    }

    /// Removes all copies of an agent's sessions.
    ///
    /// # Errors
    ///
    /// [`VaultError::NotAnAgent`], if the name could be a path; else as [`remove`](Self::remove).
    pub fn forget(&self, agent: &str) -> Result<(), VaultError> {
        if !is_name(agent) {
            return Err(VaultError::NotAnAgent { agent: agent.to_owned() });
        }
        remove_folder(&self.vault.folder.join(agent))
    }
}

/// Lists the folders in a folder; none if it is not there.
fn folders(folder: &Path) -> Result<Vec<String>, VaultError> {
    let entries = match untouched::entries(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(VaultError::io(folder)(error)),
    };
    let folders = entries.into_iter().filter(|entry| entry.kind == untouched::Kind::Folder);
    Ok(folders.filter_map(|entry| entry.name.into_string().ok()).collect())
}

/// Removes a folder, if it is there.
fn remove_folder(folder: &Path) -> Result<(), VaultError> {
    disk::remove_folder(folder).map_err(VaultError::io(folder))
}

fn create_private(folder: &Path) -> Result<(), VaultError> {
    disk::create_private(folder).map_err(VaultError::io(folder))
}

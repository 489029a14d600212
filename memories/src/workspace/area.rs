//! Our folder in the root, `.threadkeep`, which exists while something is being changed.
//!
//! | name | content |
//! |---|---|
//! | `new` | a repository that is being made; after the exchange, the old one |
//! | `old` | the old repository, where the file system cannot exchange names |
//! | `broken` | the last damaged repository of ours |
//! | `files`, `journal` | a publication, see `journal.rs` |
//!
//! A lock on the root keeps two processes from changing it at once, and a second one from taking
//! the files of the first for leftovers.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::error::{At, WorkspaceError};
use super::folder::Folder;
use super::journal;
use super::name::{AREA, GIT};
use super::sync::sync;

/// Our folder, while this process has the lock.
pub(super) struct Area {
    root: PathBuf,
    path: PathBuf,
    lock: File,
}

impl Area {
    /// Waits for the lock, finishes what a killed process left, and creates the folder.
    pub(super) fn open(root: &Path) -> Result<Self, WorkspaceError> {
        let lock = File::open(root).at("open", root)?;
        match lock.lock() {
            // On a file system without locks, one process has to do.
            Err(error) if error.kind() != io::ErrorKind::Unsupported => return Err(error).at("lock", root),
            _ => {}
        }
        let area = Self { root: root.to_owned(), path: root.join(AREA), lock };
        area.recover()?;
        match DirBuilder::new().mode(0o700).create(&area.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error).at("create", &area.path),
            _ => Ok(area),
        }
    }

    /// Finishes what a killed process left, unless a living one is at work.
    pub(super) fn recover_if_free(root: &Path) -> Result<(), WorkspaceError> {
        let path = root.join(AREA);
        if fs::symlink_metadata(&path).is_err() {
            return Ok(());
        }
        let lock = File::open(root).at("open", root)?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(()),
            Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
                return Err(error).at("lock", root);
            }
            _ => {}
        }
        Self { root: root.to_owned(), path, lock }.recover()
    }

    /// Path of a name in the folder.
    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Puts the repository `new` in the place of `.git`, and removes the old one.
    pub(super) fn swap(&self) -> Result<(), WorkspaceError> {
        let (git, new, old) = (self.root.join(GIT), self.join("new"), self.join("old"));
        let (root, area) = (folder(&self.root)?, folder(&self.path)?);
        sync(&[&self.path])?;
        // An empty folder has the place of none.
        let has_git = fs::remove_dir(&git).is_err() && git.exists();
        if !has_git {
            fs::rename(&new, &git).at("rename", &new)?;
        } else if !area.exchange(b"new", &root, GIT.as_bytes()).at("exchange", &git)? {
            fs::rename(&git, &old).at("rename", &git)?;
            sync(&[&self.path])?;
            fs::rename(&new, &git).at("rename", &new)?;
        }
        sync(&[&self.root, &self.path])?;
        remove_all(&new)?;
        remove_all(&old)
    }

    /// Moves a damaged `.git` to `broken`, in the place of an earlier one.
    pub(super) fn set_aside(&self) -> Result<(), WorkspaceError> {
        let (git, broken) = (self.root.join(GIT), self.join("broken"));
        remove_all(&broken)?;
        fs::rename(&git, &broken).at("rename", &git)?;
        sync(&[&self.root])
    }

    fn recover(&self) -> Result<(), WorkspaceError> {
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Ok(found) if !found.is_dir() => return Err(WorkspaceError::NotAFolder(self.path.clone())),
            result => result.at("read", &self.path)?,
        };
        let (git, old) = (self.root.join(GIT), self.join("old"));
        if fs::symlink_metadata(&git).is_err() && old.exists() {
            fs::rename(&old, &git).at("rename", &old)?;
            sync(&[&self.root])?;
        }
        self.settle_publication()?;
        remove_all(&self.join("new"))?;
        remove_all(&old)?;
        self.remove_if_empty();
        Ok(())
    }

    fn settle_publication(&self) -> Result<(), WorkspaceError> {
        let (journal, files) = (self.join("journal"), self.join("files"));
        match fs::read(&journal) {
            // Without a journal, no file had been exchanged yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            bytes => {
                let steps = journal::decode(&bytes.at("read", &journal)?).at("read", &journal)?;
                match Folder::open(&files) {
                    // The files are removed first.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    files => journal::settle(&folder(&self.root)?, &files.at("open", &journal)?, &steps)
                        .at("give edits back to", &self.root)?,
                }
            }
        }
        self.end_publication()
    }

    /// Removes files and journal of a publication.
    pub(super) fn end_publication(&self) -> Result<(), WorkspaceError> {
        let journal = self.join("journal");
        remove_all(&self.join("files"))?;
        match fs::remove_file(&journal) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).at("remove", &journal),
            _ => Ok(()),
        }
    }

    fn remove_if_empty(&self) {
        // It stays while it holds a damaged repository.
        let _ = fs::remove_dir(&self.path);
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        self.remove_if_empty();
        // At once, even if a child process that is just being started holds a copy of the open
        // file.
        let _ = self.lock.unlock();
    }
}

fn folder(path: &Path) -> Result<Folder, WorkspaceError> {
    Folder::open(path).at("open", path)
}

fn remove_all(path: &Path) -> Result<(), WorkspaceError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).at("remove", path),
        _ => Ok(()),
    }
}

//! Puts the files of a copy back where they were.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::entry::{self, Entry, LeftAlone};
use super::kept::Kept;
use super::{VaultError, VaultLock, create_private};
use crate::disk::{create_file, remove_file};
use crate::piece::PieceKind;
use crate::store::SessionStore;

/// Files of a session that are in the agent's place again.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// Files that were put back.
    pub written: Vec<PathBuf>,
    /// The same files, which were there already.
    pub present: Vec<PathBuf>,
    /// Files that sessions share, to which the session's entry was added.
    pub added_to: Vec<PathBuf>,
    /// Other files that sessions share, and why they stay as they are. The agent may not find the
    /// session's folder or start.
    pub shared: Vec<(PathBuf, LeftAlone)>,
}

impl VaultLock {
    /// Puts the files of a copy back where they were, with the time of now, for this user alone.
    /// Their agent then has the session again. Replaces no file: one with the same content stays.
    /// A list or map that sessions share gets the session's entry if it has none; nothing else in
    /// it changes.
    ///
    /// # Errors
    ///
    /// [`VaultError::Exists`] if there is another file, [`VaultError::Database`] for the rows of a
    /// database, and [`VaultError::Damaged`] if a kept file is missing or has another length: then
    /// nothing was written. [`VaultError::Io`], if a file cannot be written;
    /// [`VaultError::Partly`], if others were before: they stay, and the same call continues.
    pub fn restore(&self, store: &dyn SessionStore, kept: &Kept) -> Result<Restored, VaultError> {
        // Another process may have replaced the copy since it was listed.
        let described = || VaultError::Damaged { path: self.vault.of(&kept.agent, kept.thread_id) };
        let kept = &self.vault.get(&kept.agent, kept.thread_id)?.ok_or_else(described)?;
        let copy = self.vault.place(kept);
        let (mut missing, mut shared, mut restored) = (Vec::new(), Vec::new(), Restored::default());
        for file in &kept.files {
            let (source, target) = (copy.join(&file.path), kept.place.join(&file.path));
            if !fs::symlink_metadata(&source).is_ok_and(|it| it.is_file() && it.len() == file.bytes) {
                return Err(VaultError::Damaged { path: source });
            }
            match file.kind {
                PieceKind::Rows => return Err(VaultError::Database { path: source }),
                PieceKind::Context | PieceKind::Folder => {}
                PieceKind::Own | PieceKind::Shared => match fs::symlink_metadata(&target) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push((source, target)),
                    Err(error) => return Err(VaultError::io(target)(error)),
                    Ok(_) if is_same(&source, &target)? => restored.present.push(target),
                    Ok(_) if file.kind == PieceKind::Shared => shared.push((source, target)),
                    Ok(_) => return Err(VaultError::Exists { path: target }),
                },
            }
        }
        match restored.put_back(store, kept, missing, shared) {
            Ok(()) => Ok(restored),
            Err(error) => Err(restored.after(error)),
        }
    }
}

/// Paths in a copy and in the agent's place.
type Paths = Vec<(PathBuf, PathBuf)>;

impl Restored {
    /// Puts missing files back, and adds the session's entries to shared ones.
    fn put_back(
        &mut self,
        store: &dyn SessionStore,
        kept: &Kept,
        missing: Paths,
        shared: Paths,
    ) -> Result<(), VaultError> {
        for (source, target) in missing {
            put(&source, &target)?;
            self.written.push(target);
        }
        for (source, target) in shared {
            match entry::add(store, kept, &source, &target)? {
                Entry::Present => self.present.push(target),
                Entry::Added => self.added_to.push(target),
                Entry::Left(reason) => self.shared.push((target, reason)),
            }
        }
        Ok(())
    }

    /// Returns the error with the files that are back. They stay: the agent may use them by now.
    fn after(self, error: VaultError) -> VaultError {
        let written = [self.written, self.added_to].concat();
        if written.is_empty() { error } else { VaultError::Partly { written, source: Box::new(error) } }
    }
}

/// Returns true if two paths are regular files with the same content.
fn is_same(one: &Path, other: &Path) -> Result<bool, VaultError> {
    let metadata = fs::symlink_metadata(other).map_err(VaultError::io(other))?;
    let length = fs::symlink_metadata(one).map_err(VaultError::io(one))?.len();
    if !metadata.is_file() || metadata.len() != length {
        return Ok(false);
    }
    let read =
        |path: &Path| threadkeep_rollout::untouched::read(path, u64::MAX).map_err(VaultError::io(path));
    Ok(read(one)? == read(other)?)
}

/// Copies a file to a path where there is none. A kill leaves none, or the whole one.
fn put(source: &Path, target: &Path) -> Result<(), VaultError> {
    target.parent().map_or(Ok(()), create_private)?;
    let new = entry::unfinished(target);
    let written = remove_file(&new).and_then(|()| {
        let mut file = create_file(&new)?;
        io::copy(&mut fs::File::open(source)?, &mut file)?;
        file.sync_all()?;
        rename_new(&new, target)
    });
    written.map_err(|error| {
        _ = fs::remove_file(&new);
        match error.kind() {
            io::ErrorKind::AlreadyExists => VaultError::Exists { path: target.to_owned() },
            _ => VaultError::io(target)(error),
        }
    })
}

/// Renames a file to a name that no file has, also if the agent makes one meanwhile.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Not every file system can do it.
            Err(Errno::INVAL | Errno::NOSYS) => {}
            renamed => return Ok(renamed?),
        }
    }
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

//! Copies of sessions' files, which stay when an agent deletes its own.

use std::collections::HashSet;
use std::path::Path;

use threadkeep_sessions::{Kept, Mirrored, Vault, VaultError, VaultLock};
use threadkeep_state::HOME_AGENT;
use uuid::Uuid;

use super::lock::lock_vault;
use crate::fault::Fault;
use crate::message::command;

/// Folder in the SQLite home with the vault.
const FOLDER: &str = "kept";

/// Returns the vault of a SQLite home.
pub fn vault(sqlite_home: &Path) -> Vault {
    Vault::new(sqlite_home.join(FOLDER))
}

/// Returns the copy of a thread's session; `None` if there is none.
///
/// # Errors
///
/// Fails if the description of the copy cannot be read.
pub fn kept(sqlite_home: &Path, agent: &str, thread: Uuid) -> Result<Option<Kept>, Fault> {
    vault(sqlite_home).get(agent, thread).map_err(|error| of_copy(&error, thread))
}

/// Puts an error about the copy of a thread into words.
pub(super) fn of_copy(error: &VaultError, thread: Uuid) -> Fault {
    let hint = match error {
        VaultError::Partly { .. } => (command("kept restore").arg(thread), " puts the rest back"),
        VaultError::Database { .. } => (command("threads read").arg(thread), " shows what was said"),
        VaultError::BadDescription { .. } | VaultError::Damaged { .. } => {
            (command("kept remove").arg(thread), " deletes the damaged copy")
        }
        _ => return Fault::plain(error).about(thread),
    };
    Fault::new(error.to_string(), hint).about(thread)
}

/// Takes the lock of the vault; `None` if there is none. Nothing is kept while it is held.
pub(super) async fn lock_copies(sqlite_home: &Path) -> Result<Option<VaultLock>, Fault> {
    let vault = vault(sqlite_home);
    if !vault.folder().is_dir() {
        return Ok(None);
    }
    lock_vault(&vault).await.map(Some)
}

/// Removes the copies of threads, with the lock held.
pub(super) fn remove_with(lock: &VaultLock, threads: &[Uuid]) -> Result<(), Fault> {
    let removed = |id: &Uuid| lock.remove(*id).map_err(|error| Fault::plain(&error).about(*id)).map(drop);
    threads.iter().try_for_each(removed)
}

/// Removes the copies of threads.
///
/// # Errors
///
/// Fails if another process works on the vault for too long, or if a file cannot be removed.
pub async fn remove_kept(sqlite_home: &Path, threads: &[Uuid]) -> Result<(), Fault> {
    match lock_copies(sqlite_home).await? {
        Some(lock) => remove_with(&lock, threads),
        None => Ok(()),
    }
}

/// Removes the copies of an agent, with the lock held: those of the home's agent by their threads,
/// because the home's own stay.
pub(super) fn forget_with(lock: &VaultLock, agent: &str, copies: &[Uuid]) -> Result<(), Fault> {
    match agent {
        HOME_AGENT => remove_with(lock, copies),
        _ => lock.forget(agent).map_err(|error| Fault::plain(&error)),
    }
}

/// Returns the threads of an agent of which there are copies. Of the home's agent, only those of
/// sessions in added places: the home's own are not meant.
pub(super) fn copies_of(sqlite_home: &Path, agent: &str, mirrored: &[Mirrored]) -> Result<Vec<Uuid>, Fault> {
    let copies = vault(sqlite_home).copies().map_err(|error| Fault::plain(&error))?.into_iter();
    let copies = copies.filter(|(name, _)| name == agent).map(|(_, thread)| thread);
    let is_mirrored = |id: &Uuid| mirrored.iter().any(|session| session.thread_id == *id);
    Ok(copies.filter(|id| agent != HOME_AGENT || is_mirrored(id)).collect())
}

/// Removes copies of deleted threads that a killed process has left, unless another process works
/// on the vault.
pub(super) fn erase_deleted(sqlite_home: &Path, deleted: &HashSet<Uuid>) -> Result<(), VaultError> {
    let vault = vault(sqlite_home);
    let copies = vault.copies()?.into_iter().map(|(_, thread)| thread);
    let left: Vec<_> = copies.filter(|thread| deleted.contains(thread)).collect();
    if left.is_empty() {
        return Ok(());
    }
    let Some(lock) = vault.lock()? else { return Ok(()) };
    left.into_iter().try_for_each(|id| lock.remove(id).map(drop))
}

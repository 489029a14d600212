//! Erases threads together with their mirrored rollouts.

use std::path::Path;

use jiff::Timestamp;
use threadkeep_state::{DeletedNow, HOME_AGENT, PendingDeletion, StateRuntime};
use uuid::Uuid;

use super::included::{Included, included, remove};
use super::lock::lock_mirror;
use super::names::never_added;
use super::vault::{copies_of, forget_with, lock_copies, remove_with};
use crate::fault::Fault;

/// Deletes threads: in the index and its participants, in the mirror, and in the vault. The agents'
/// own files stay.
///
/// After an interruption a rollout or a copy may stay, which the next pass erases: the index knows
/// what was deleted.
///
/// # Errors
///
/// Fails if the mirror or the vault stays locked, and then nothing was deleted; and as
/// [`StateRuntime::delete_threads`].
pub async fn delete_threads(state: &StateRuntime, ids: &[Uuid], now: Timestamp) -> Result<DeletedNow, Fault> {
    let mut mirrored = state.threads().agents_of(ids).await?;
    mirrored.retain(|_, agent| agent != HOME_AGENT);
    let mut lock = None;
    if !mirrored.is_empty() {
        lock = Some(lock_mirror(&super::mirror(state.sqlite_home())).await?);
    }
    let copies = lock_copies(state.sqlite_home()).await?;
    let deleted = state.delete_threads(ids, now).await?;
    if let Some(lock) = copies {
        remove_with(&lock, ids)?;
    }
    if let Some(mut lock) = lock {
        for (id, agent) in &mirrored {
            lock.erase(agent, *id).map_err(|error| Fault::plain(&error).about(*id))?;
        }
    }
    Ok(deleted)
}

/// Sessions of which everything was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forgotten {
    /// Places that were added.
    pub places: Vec<Included>,
    /// Sessions.
    pub sessions: u64,
    /// Of those, sessions that the agent had deleted before: they are nowhere now.
    pub gone: u64,
    /// Threads of which files were kept, also of sessions that are not mirrored.
    pub copies: Vec<Uuid>,
    /// Work that could not be done yet.
    pub pending: Vec<PendingDeletion>,
}

/// Erases an agent's threads, removes its mirror and its copies in the vault, and takes it off the
/// list.
///
/// # Errors
///
/// Fails if the mirror or the vault stays locked, and as [`to_forget`]; then nothing was done. Also
/// fails if something cannot be erased.
pub async fn forget(state: &StateRuntime, agent: &str) -> Result<Forgotten, Fault> {
    let sqlite_home = state.sqlite_home();
    // No process brings the agent's mirror back meanwhile.
    let lock = lock_mirror(&super::mirror(sqlite_home)).await?;
    let copies = lock_copies(sqlite_home).await?;
    let mut forgotten = to_forget(sqlite_home, agent)?;
    lock.remove_rollouts(agent).map_err(|error| Fault::plain(&error))?;
    if let Some(lock) = &copies {
        forget_with(lock, agent, &forgotten.copies)?;
    }
    let threads = state.threads().ids_of_agent(agent).await?;
    forgotten.pending = state.forget_threads(&threads, Timestamp::now()).await?.pending;
    forgotten.places = remove(sqlite_home, agent, None).await?;
    // The last: the list shows that there is something to forget.
    lock.forget(agent).map_err(|error| Fault::plain(&error))?;
    Ok(forgotten)
}

/// Returns what [`forget`] would erase of an agent.
///
/// # Errors
///
/// [`never_added`], if the agent is neither on the list nor in the mirror nor in the vault. Fails
/// if one of these cannot be read.
pub fn to_forget(sqlite_home: &Path, agent: &str) -> Result<Forgotten, Fault> {
    let mut places = included(sqlite_home)?;
    places.retain(|known| known.agent == agent);
    let mirror = super::mirror(sqlite_home);
    let sessions = mirror.sessions(agent).map_err(|error| Fault::plain(&error))?;
    let copies = copies_of(sqlite_home, agent, &sessions)?;
    if places.is_empty() && copies.is_empty() && !mirror.has(agent) {
        return Err(never_added(agent));
    }
    let present = || sessions.iter().filter(|session| !session.deleted);
    let gone = present().filter(|session| session.gone_since.is_some()).count() as u64;
    Ok(Forgotten { places, sessions: present().count() as u64, gone, copies, pending: Vec::new() })
}

#[cfg(test)]
#[path = "../../tests/unit/agents_erase.rs"]
mod tests;

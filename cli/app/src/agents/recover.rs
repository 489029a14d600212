//! Mirrors kept sessions again whose rollouts are lost, and which no place has any longer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use threadkeep_sessions::{Kept, Mirror, SessionCopy, SessionStore, Vault, store};
use threadkeep_state::{HOME_AGENT, StateRuntime};
use uuid::Uuid;

use super::deleted::deleted_unless;
use super::included::Included;
use super::vault::vault;
use crate::fault::Fault;
use crate::message::command;
use crate::observer::Observer;
use crate::text::counted;

/// Mirrors the kept sessions that have no rollout. The places have to be read before. Waits for no
/// other process: the next pass finds the same.
///
/// # Errors
///
/// Fails if the index, the mirror or the vault cannot be read or written.
pub(super) async fn recover(
    state: &StateRuntime,
    included: &[Included],
    include_deleted: bool,
    observer: &dyn Observer,
) -> Result<(), Fault> {
    let vault = vault(state.sqlite_home());
    let copies = vault.copies().map_err(|error| Fault::plain(&error))?;
    let mirror = super::mirror(state.sqlite_home()).with_kept(copies);
    for copies in Copies::by_agent(&vault, included)? {
        if copies.without_rollout(&mirror)?.is_empty() {
            continue;
        }
        // No thread is deleted, and no copy removed, while it is held.
        let Some(lock) = vault.lock().map_err(|error| Fault::plain(&error))? else { continue };
        let mirror = mirror.clone().without(deleted_unless(state, include_deleted).await?);
        let agent = copies.store.name();
        let recovered = tokio::task::spawn_blocking(move || copies.recover(&mirror));
        let recovered = recovered.await.map_err(|error| Fault::plain(&error))??;
        drop(lock);
        if recovered.written > 0 {
            let sessions = counted(recovered.written, "lost session");
            observer.note(&format!("read again from kept copies: {sessions} of {agent}").into());
        }
        if let Some((native_id, why)) = recovered.failed.first() {
            let why = format!("the kept copy of {native_id} of {agent} could not be read: {why}; ");
            observer.note(&(why, command("kept remove").arg(native_id), " deletes it").into());
        }
    }
    Ok(())
}

/// Result of reading copies.
#[derive(Default)]
struct Recovered {
    /// Rollouts that were written.
    written: u64,
    /// Sessions that could not be read, by the agent's id, with the reason.
    failed: Vec<(String, String)>,
}

/// Copies of an agent's sessions.
struct Copies {
    store: &'static dyn SessionStore,
    threads: Vec<Uuid>,
    /// Places of sessions that are mirrored; `None` for all.
    places: Option<Vec<PathBuf>>,
    vault: Vault,
}

impl Copies {
    fn by_agent(vault: &Vault, included: &[Included]) -> Result<Vec<Copies>, Fault> {
        let mut agents = BTreeMap::<String, Vec<Uuid>>::new();
        for (agent, thread) in vault.copies().map_err(|error| Fault::plain(&error))? {
            agents.entry(agent).or_default().push(thread);
        }
        let copies = agents.into_iter().filter_map(|(agent, threads)| {
            // The home has the rollouts of its own threads.
            let added = included.iter().filter(|added| added.agent == agent);
            let places = (agent == HOME_AGENT).then(|| added.map(|added| added.place.clone()).collect());
            Some(Copies { store: store(&agent)?, threads, places, vault: vault.clone() })
        });
        Ok(copies.collect())
    }

    /// Returns the whole copies of mirrored sessions that have no rollout.
    fn without_rollout(&self, mirror: &Mirror) -> Result<Vec<Kept>, Fault> {
        let agent = self.store.name();
        if self.places.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let lost = mirror.without_rollout(agent, &self.threads).map_err(|error| Fault::plain(&error))?;
        // A damaged copy is named by the list of copies.
        let kept = lost.into_iter().filter_map(|thread| self.vault.get(agent, thread).ok()?);
        let is_mirrored =
            |kept: &Kept| self.places.as_ref().is_none_or(|places| places.contains(&kept.place));
        Ok(kept.filter(|kept| is_mirrored(kept) && self.vault.is_whole(kept)).collect())
    }

    /// Writes the rollouts that copies lack. Does nothing if another process works on the mirror.
    fn recover(&self, mirror: &Mirror) -> Result<Recovered, Fault> {
        let mut recovered = Recovered::default();
        let Some(mut lock) = mirror.lock().map_err(|error| Fault::plain(&error))? else {
            return Ok(recovered);
        };
        let (mut unopened, lost) = (Vec::new(), self.without_rollout(mirror)?.into_iter());
        let copies = lost.filter_map(|kept| {
            let (folder, opened) = (self.vault.place(&kept), self.vault.open(self.store, &kept));
            let opened = opened.map_err(|error| unopened.push((kept.native_id, error.to_string())));
            opened.ok().map(|(open, found)| SessionCopy { place: kept.place, folder, open, found })
        });
        let (written, failed) = lock.recover(self.store, copies).map_err(|error| Fault::plain(&error))?;
        lock.finish().map_err(|error| Fault::plain(&error))?;
        recovered.written = written;
        recovered.failed = unopened;
        recovered.failed.extend(failed.into_iter().map(|(id, error)| (id, error.to_string())));
        Ok(recovered)
    }
}

//! The vault: sessions' files, kept for the day on which their agent deletes its own.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use threadkeep_sessions::{
    FoundSession, Kept, Mirrored, OpenStore, Piece, Restored, SessionStore, Vault, VaultError, VaultLock,
    store, stores,
};
use threadkeep_state::{HOME_AGENT, StateRuntime, Thread};
use uuid::Uuid;

use super::included::included;
use super::lock;
use super::mirrored::session_of;
use super::place::is_ending;
use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::given::real;
use crate::message::command;

/// Folder in the SQLite home with the vault.
const FOLDER: &str = "kept";

/// Returns the vault of a SQLite home.
pub fn vault(sqlite_home: &Path) -> Vault {
    Vault::new(sqlite_home.join(FOLDER))
}

/// Session that should be kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Wanted {
    /// The agent's name.
    pub agent: String,
    /// Place of the agent.
    pub place: PathBuf,
    /// Identity, as [`FoundSession::identity`].
    pub identity: String,
    /// Thread of the index.
    pub thread_id: Uuid,
}

impl Wanted {
    fn of(agent: &str, session: &Mirrored) -> Wanted {
        Wanted {
            agent: agent.to_owned(),
            place: session.place.clone(),
            identity: session.identity().to_owned(),
            thread_id: session.thread_id,
        }
    }
}

/// Returns the sessions that added agents have: the named agents, or all. With `only_ending`, only
/// sessions that their agent deletes within a week.
///
/// # Errors
///
/// As [`included`], and if the mirror cannot be read.
pub fn present(sqlite_home: &Path, agents: &[String], only_ending: bool) -> Result<Vec<Wanted>, Fault> {
    let (added, mirror) = (included(sqlite_home)?, super::mirror(sqlite_home));
    let is_named = |name: &str| agents.is_empty() || agents.iter().any(|agent| agent == name);
    let mut wanted = Vec::new();
    for store in stores().into_iter().filter(|store| is_named(store.name())) {
        let sessions = mirror.sessions(store.name()).map_err(|error| Fault::plain(&error))?;
        for place in added.iter().filter(|added| added.agent == store.name()) {
            let retention = store.retention(&place.place);
            let of_place = sessions.iter().filter(|session| session.place == place.place);
            let there = of_place
                .filter(|session| session.gone_since.is_none() && !session.deleted && !session.is_copy());
            let chosen = there
                .filter(|session| !only_ending || retention.is_some_and(|rule| is_ending(session, rule)));
            wanted.extend(chosen.map(|session| Wanted::of(store.name(), session)));
        }
    }
    wanted.sort();
    Ok(wanted)
}

/// Returns the sessions of a thread and of its sub-agents.
///
/// # Errors
///
/// Fails if the thread's agent no longer has its session, and if the index or the mirror cannot be
/// read. A sub-agent whose session is gone is left out.
pub async fn of_thread(state: &StateRuntime, dirs: &Dirs, thread: &Thread) -> Result<Vec<Wanted>, Fault> {
    let own = wanted(state, dirs, thread)?.ok_or_else(|| gone(thread))?;
    let mut all = vec![own];
    for id in below(state, thread.id).await? {
        if let Some(thread) = state.threads().get(id).await? {
            all.extend(wanted(state, dirs, &thread)?);
        }
    }
    Ok(all)
}

/// Returns the sub-agents of a thread, with theirs. A fork is none.
///
/// # Errors
///
/// Fails if the index cannot be read.
pub async fn below(state: &StateRuntime, id: Uuid) -> Result<Vec<Uuid>, Fault> {
    let (mut open, mut found) = (vec![id], Vec::new());
    while let Some(id) = open.pop() {
        for child in state.graph().children(id).await?.into_iter().filter(|child| !child.is_fork()) {
            if !found.contains(&child.thread_id) {
                open.push(child.thread_id);
                found.push(child.thread_id);
            }
        }
    }
    Ok(found)
}

/// Returns a thread's session, if its agent has it.
fn wanted(state: &StateRuntime, dirs: &Dirs, thread: &Thread) -> Result<Option<Wanted>, Fault> {
    let agent = thread.agent();
    let mirrored = session_of(state.sqlite_home(), agent, thread.id)?;
    if let Some(session) = &mirrored {
        return Ok((session.gone_since.is_none() && !session.deleted && !session.is_copy())
            .then(|| Wanted::of(agent, session)));
    }
    let in_home = agent == HOME_AGENT && thread.missing_since.is_none();
    Ok(in_home.then(|| Wanted {
        agent: agent.to_owned(),
        place: real(&dirs.home),
        identity: thread.id.to_string(),
        thread_id: thread.id,
    }))
}

fn gone(thread: &Thread) -> Fault {
    let why = format!("{} no longer has this session: nothing is left to keep", thread.agent());
    Fault::new(why, (command("threads read").arg(thread.id), " shows what was read of it")).about(thread.id)
}

/// Place of an agent that is open.
struct Opened {
    store: &'static dyn SessionStore,
    place: PathBuf,
    open: OpenStore,
}

/// Session that is going to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Planned {
    /// The session.
    pub wanted: Wanted,
    /// Number of files that are copied.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    opened: usize,
    found: FoundSession,
}

/// Sessions that are going to be kept, with their sizes.
#[non_exhaustive]
pub struct Plan {
    /// Sessions.
    pub sessions: Vec<Planned>,
    /// Copies of sessions that have not changed since.
    pub unchanged: Vec<Kept>,
    /// Sessions that cannot be kept.
    pub failed: Vec<(Wanted, Fault)>,
    opened: Vec<Opened>,
    vault: Vault,
}

impl Plan {
    /// Looks at sessions, and how much there is to copy.
    ///
    /// # Errors
    ///
    /// Fails if the vault cannot be read. What is wrong with one session is in the plan.
    pub fn of(sqlite_home: &Path, wanted: Vec<Wanted>) -> Result<Plan, Fault> {
        let mut plan = Plan {
            sessions: Vec::new(),
            unchanged: Vec::new(),
            failed: Vec::new(),
            opened: Vec::new(),
            vault: vault(sqlite_home),
        };
        let mut places = BTreeMap::<(String, PathBuf), Vec<Wanted>>::new();
        for wanted in wanted {
            let of_place = places.entry((wanted.agent.clone(), wanted.place.clone())).or_default();
            if !of_place.contains(&wanted) {
                of_place.push(wanted);
            }
        }
        for ((agent, place), wanted) in places {
            let Some(store) = store(&agent) else { continue };
            match store.open(&place) {
                Ok(open) => {
                    plan.opened.push(Opened { store, place, open });
                    wanted.into_iter().for_each(|wanted| plan.add(wanted));
                }
                Err(error) => {
                    let failed = wanted.into_iter().map(|wanted| (wanted, Fault::plain(&error)));
                    plan.failed.extend(failed);
                }
            }
        }
        Ok(plan)
    }

    fn add(&mut self, wanted: Wanted) {
        let Some(Opened { place, open, .. }) = self.opened.last() else { return };
        let opened = self.opened.len() - 1;
        let known = self.vault.get(&wanted.agent, wanted.thread_id).ok().flatten();
        let Some(found) = open.sessions().iter().find(|found| found.identity() == wanted.identity) else {
            let why = format!("{} no longer has the session {}", wanted.agent, wanted.identity);
            return self.failed.push((wanted, Fault::without_hint(why)));
        };
        if let Some(kept) = known.filter(|kept| kept.is_current(place, found)) {
            return self.unchanged.push(kept);
        }
        match open.pieces(found) {
            Ok(pieces) => {
                let files = pieces.iter().filter(|piece| piece.is_file()).count() as u64;
                let bytes = pieces.iter().map(Piece::size).sum();
                self.sessions.push(Planned { wanted, files, bytes, opened, found: found.clone() });
            }
            Err(error) => self.failed.push((wanted, Fault::plain(&error))),
        }
    }

    /// Copies the sessions, each with `each`: what was kept, or the reason why it could not be.
    ///
    /// # Errors
    ///
    /// Fails if another process works on the vault for too long.
    pub async fn run(&self, mut each: impl FnMut(&Planned, Result<Kept, Fault>)) -> Result<(), Fault> {
        let lock = of_vault(&self.vault).await?;
        for planned in &self.sessions {
            let Opened { store, place, open } = &self.opened[planned.opened];
            let kept = lock.keep(*store, place, open, &planned.found, planned.wanted.thread_id);
            each(planned, kept.map_err(|error| Fault::plain(&error)));
        }
        Ok(())
    }
}

/// Takes the lock of a vault.
async fn of_vault(vault: &Vault) -> Result<VaultLock, Fault> {
    lock::patiently(vault.folder(), || vault.lock().map_err(|error| Fault::plain(&error))).await
}

/// Takes the lock of the vault, if it has a copy of one of these threads.
pub(super) async fn lock_copies(sqlite_home: &Path, threads: &[Uuid]) -> Result<Option<VaultLock>, Fault> {
    let vault = vault(sqlite_home);
    let kept = vault.threads().map_err(|error| Fault::plain(&error))?;
    if !kept.iter().any(|id| threads.contains(id)) {
        return Ok(None);
    }
    of_vault(&vault).await.map(Some)
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
    match lock_copies(sqlite_home, threads).await? {
        Some(lock) => remove_with(&lock, threads),
        None => Ok(()),
    }
}

/// Removes all copies of an agent's sessions.
///
/// # Errors
///
/// As [`remove_kept`].
pub(super) async fn forget_kept(sqlite_home: &Path, agent: &str) -> Result<(), Fault> {
    let vault = vault(sqlite_home);
    if !vault.has(agent) {
        return Ok(());
    }
    of_vault(&vault).await?.forget(agent).map_err(|error| Fault::plain(&error))
}

/// Removes copies of deleted threads that a killed process has left, unless another process works
/// on the vault.
pub(super) fn erase_deleted(sqlite_home: &Path, deleted: &HashSet<Uuid>) -> Result<(), VaultError> {
    let vault = vault(sqlite_home);
    let left: Vec<_> = vault.threads()?.into_iter().filter(|id| deleted.contains(id)).collect();
    if left.is_empty() {
        return Ok(());
    }
    let Some(lock) = vault.lock()? else { return Ok(()) };
    left.into_iter().try_for_each(|id| lock.remove(id).map(drop))
}

/// Puts the files of a copy back where they were.
///
/// # Errors
///
/// Fails if a file is there that would be replaced, for the rows of a database, if a file cannot be
/// written, and if another process works on the vault for too long.
pub async fn restore_kept(sqlite_home: &Path, kept: &Kept) -> Result<Restored, Fault> {
    of_vault(&vault(sqlite_home)).await?.restore(kept).map_err(|error| {
        let fault = Fault::plain(&error).about(kept.thread_id);
        let read = (command("threads read").arg(kept.thread_id), " shows what was said");
        match error {
            VaultError::Database { .. } => Fault { hint: Some(read.into()), ..fault },
            _ => fault,
        }
    })
}

/// Returns true if an agent still has a session that was kept.
///
/// # Errors
///
/// Fails if the mirror cannot be read.
pub fn has_kept(sqlite_home: &Path, kept: &Kept) -> Result<bool, Fault> {
    let mirrored = session_of(sqlite_home, &kept.agent, kept.thread_id)?;
    Ok(match mirrored {
        Some(session) => session.gone_since.is_none(),
        None => kept.files.iter().all(|file| kept.place.join(&file.path).exists()),
    })
}

//! Decides which sessions are kept, and copies their files.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use threadkeep_sessions::{
    FoundSession, Kept, Mirrored, OpenStore, Piece, SessionStore, Vault, store, unlisted,
};
use threadkeep_state::{HOME_AGENT, StateRuntime, Thread};
use uuid::Uuid;

use super::deleted::deleted;
use super::included::{Included, included, lost_list};
use super::lock::lock_vault;
use super::mirrored::MirroredThreads;
use super::place::ending_since;
use super::vault::{of_copy, vault};
use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::given::real;
use crate::message::command;
use crate::text::counted;

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
    /// Main file when it was last read; empty if not known.
    source: PathBuf,
}

impl Wanted {
    fn of(agent: &str, session: &Mirrored) -> Wanted {
        Wanted {
            agent: agent.to_owned(),
            place: session.place.clone(),
            identity: session.identity().to_owned(),
            thread_id: session.thread_id,
            source: session.source.clone(),
        }
    }
}

/// Returns the sessions of a thread and of its sub-agents.
///
/// # Errors
///
/// Fails if the thread's agent no longer has its session, and if the index or the mirror cannot be
/// read. A sub-agent whose session is gone is left out.
pub async fn thread_sessions_to_keep(
    state: &StateRuntime,
    dirs: &Dirs,
    mirrored: &mut MirroredThreads,
    thread: &Thread,
) -> Result<Vec<Wanted>, Fault> {
    let own = wanted(dirs, mirrored, thread)?.ok_or_else(|| gone(thread))?;
    let mut all = vec![own];
    for id in sub_agents(state, thread.id).await? {
        if let Some(thread) = state.threads().get(id).await? {
            all.extend(wanted(dirs, mirrored, &thread)?);
        }
    }
    Ok(all)
}

/// Returns all sub-agents below a thread. Forks are left out.
///
/// # Errors
///
/// Fails if the index cannot be read.
pub async fn sub_agents(state: &StateRuntime, id: Uuid) -> Result<Vec<Uuid>, Fault> {
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
fn wanted(dirs: &Dirs, mirrored: &mut MirroredThreads, thread: &Thread) -> Result<Option<Wanted>, Fault> {
    let agent = thread.agent();
    if let Some(session) = mirrored.get(agent, thread.id)? {
        return Ok((session.gone_since.is_none() && !session.deleted && !session.is_copy())
            .then(|| Wanted::of(agent, session)));
    }
    let source = real(&dirs.home).join(&thread.rollout_path);
    // Something else may be in the place of a missing rollout.
    let is_there = thread.missing_since.is_none() || source.symlink_metadata().is_ok();
    Ok((agent == HOME_AGENT && is_there).then(|| Wanted {
        agent: agent.to_owned(),
        place: real(&dirs.home),
        identity: thread.id.to_string(),
        thread_id: thread.id,
        source,
    }))
}

/// Returns the error about a session that its place does not have.
fn absent(open: &OpenStore, Wanted { agent, identity, source, .. }: &Wanted) -> Fault {
    match open.obstacle(source) {
        None => Fault::without_hint(format!("{agent} no longer has the session {identity}")),
        Some(reason) => Fault::new(
            format!("cannot read {}: {reason}", source.display()),
            format!("put the file of the session {identity} back there, and try again"),
        ),
    }
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
    /// Agents with sessions that were not read, of which all were wanted, and the reasons.
    pub unread: Vec<(String, Fault)>,
    opened: Vec<Opened>,
    vault: Vault,
}

impl Plan {
    /// Looks at sessions, and how much there is to copy. What is wrong with one session is in the
    /// plan.
    pub fn of(sqlite_home: &Path, wanted: Vec<Wanted>) -> Plan {
        let mut plan = Plan {
            sessions: Vec::new(),
            unchanged: Vec::new(),
            failed: Vec::new(),
            unread: Vec::new(),
            opened: Vec::new(),
            vault: vault(sqlite_home),
        };
        let mut places = BTreeMap::<(String, PathBuf), BTreeSet<Wanted>>::new();
        for wanted in wanted {
            places.entry((wanted.agent.clone(), wanted.place.clone())).or_default().insert(wanted);
        }
        for ((agent, place), wanted) in places {
            let Some(store) = store(&agent) else { continue };
            match plan.open(store, &place) {
                Ok(opened) => wanted.into_iter().for_each(|wanted| plan.add(wanted, opened)),
                Err(fault) => wanted.into_iter().for_each(|wanted| plan.fail(wanted, fault.clone())),
            }
        }
        plan
    }

    /// Looks at the sessions that added agents have: the named agents, or all. With `only_ending`,
    /// only at sessions that their agent deletes within a week.
    ///
    /// # Errors
    ///
    /// As [`included`], and if the list is lost, or the mirror cannot be read.
    pub fn of_all(sqlite_home: &Path, agents: &[String], only_ending: bool) -> Result<Plan, Fault> {
        lost_list(sqlite_home).map_or(Ok(()), Err)?;
        let mirror = super::mirror(sqlite_home);
        let mut added = included(sqlite_home)?;
        added.retain(|added| agents.is_empty() || agents.contains(&added.agent));
        let (mut wanted, mut known) = (Vec::new(), HashSet::new());
        for Included { agent, place } in &added {
            let Some(store) = store(agent) else { continue };
            let retention = store.retention(place);
            for session in mirror.sessions(agent).map_err(|error| Fault::plain(&error))? {
                let is_there = session.gone_since.is_none() && !session.deleted && !session.is_copy();
                let is_ending = || retention.is_some_and(|rule| ending_since(&session, rule).is_some());
                if session.place == *place && is_there && (!only_ending || is_ending()) {
                    wanted.push(Wanted::of(agent, &session));
                }
                known.insert((agent.as_str(), session.identity().to_owned()));
            }
        }
        let mut plan = Plan::of(sqlite_home, wanted);
        for Included { agent, place } in &added {
            let is_known = |found: &FoundSession| known.contains(&(agent, found.identity().to_owned()));
            if let Err(fault) = plan.check_read(agent, place, is_known) {
                plan.unread.push((agent.clone(), fault));
            }
        }
        Ok(plan)
    }

    fn open(&mut self, store: &'static dyn SessionStore, place: &Path) -> Result<usize, Fault> {
        let is_meant = |opened: &Opened| opened.store.name() == store.name() && opened.place == place;
        if let Some(opened) = self.opened.iter().position(is_meant) {
            return Ok(opened);
        }
        let open = store.open(place).map_err(|error| Fault::plain(&error))?;
        self.opened.push(Opened { store, place: place.to_owned(), open });
        Ok(self.opened.len() - 1)
    }

    /// Checks that all sessions of a place are known: the mirror may not be up to date.
    fn check_read(
        &mut self,
        agent: &str,
        place: &Path,
        is_known: impl Fn(&FoundSession) -> bool,
    ) -> Result<(), Fault> {
        let Some(store) = store(agent) else {
            let why = format!("the sessions of {agent} were not kept: this version does not know the agent");
            return Err(Fault::new(why, "update threadkeep"));
        };
        let opened = self.open(store, place)?;
        let open = &self.opened[opened].open;
        let mut unread = open.unread().to_vec();
        unread.extend(unlisted(&store.watched(place)));
        if let Some(first) = unread.first() {
            let paths = counted(unread.len() as u64, "path");
            let why =
                format!("{paths} of {agent} could not be read, such as {}: {}", first.path, first.reason);
            return Err(Fault::new(why, (command("agents --json"), " lists all")));
        }
        match open.sessions().iter().filter(|found| !is_known(found)).count() as u64 {
            0 => Ok(()),
            new => {
                let why = format!(
                    "{} of {agent} in {} were not kept: they are not read yet",
                    counted(new, "session"),
                    place.display()
                );
                Err(Fault::new(why, (command("backfill"), " reads them; then try again")))
            }
        }
    }

    fn add(&mut self, wanted: Wanted, opened: usize) {
        let Opened { place, open, .. } = &self.opened[opened];
        let Some(found) = open.sessions().iter().find(|found| found.identity() == wanted.identity) else {
            let fault = absent(open, &wanted);
            return self.fail(wanted, fault);
        };
        match self.vault.get(&wanted.agent, wanted.thread_id) {
            Ok(Some(kept)) if kept.is_current(place, found) && self.vault.is_whole(&kept) => {
                return self.unchanged.push(kept);
            }
            Ok(_) => {}
            Err(error) => {
                let fault = of_copy(&error, wanted.thread_id);
                return self.fail(wanted, fault);
            }
        }
        match open.pieces(found) {
            Ok(pieces) => {
                let files = pieces.iter().filter(|piece| piece.is_file()).count() as u64;
                let bytes = pieces.iter().map(Piece::size).sum();
                self.sessions.push(Planned { wanted, files, bytes, opened, found: found.clone() });
            }
            Err(error) => self.fail(wanted, Fault::plain(&error)),
        }
    }

    fn fail(&mut self, wanted: Wanted, fault: Fault) {
        let fault = fault.about(wanted.thread_id);
        self.failed.push((wanted, fault));
    }

    /// Copies the sessions. Calls `each` with the copy of each session, or with its fault.
    ///
    /// # Errors
    ///
    /// Fails if another process works on the vault for too long, and if the index or the list of
    /// agents cannot be read.
    pub async fn run(
        &self,
        state: &StateRuntime,
        mut each: impl FnMut(&Planned, Result<Kept, Fault>),
    ) -> Result<(), Fault> {
        let lock = lock_vault(&self.vault).await?;
        // A deletion takes the same lock, so that this holds until the last copy is made.
        let (deleted, added) = (deleted(state).await?, included(state.sqlite_home())?);
        for planned in &self.sessions {
            let Wanted { agent, place, thread_id, .. } = &planned.wanted;
            let is_added = added.iter().any(|added| added.agent == *agent && added.place == *place);
            if deleted.contains(thread_id) || !(is_added || agent == HOME_AGENT) {
                let why = "the thread was deleted, or its agent was removed";
                each(planned, Err(Fault::without_hint(why).about(*thread_id)));
                continue;
            }
            let Opened { store, place, open } = &self.opened[planned.opened];
            let kept = lock.keep(*store, place, open, &planned.found, planned.wanted.thread_id);
            each(planned, kept.map_err(|error| of_copy(&error, planned.wanted.thread_id)));
        }
        Ok(())
    }
}

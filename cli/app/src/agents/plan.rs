//! Decides which sessions are kept, and copies their files.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use threadkeep_sessions::{
    FoundSession, Kept, Mirrored, OpenStore, Piece, Retention, SessionStore, Unread, Vault, store, unlisted,
};
use threadkeep_state::{HOME_AGENT, StateRuntime};

use super::deleted::deleted;
use super::included::{Included, included, lost_list};
use super::lock::lock_vault;
use super::mirrored::MirroredThreads;
use super::place::{check_place, ending_since};
use super::vault::{of_copy, vault};
use super::wanted::{Wanted, absent, sub_agents_to_keep};
use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::message::command;
use crate::text::counted;

/// Returns the store of an agent.
fn known(agent: &str) -> Result<&'static dyn SessionStore, Fault> {
    let why = || format!("the sessions of {agent} were not kept: this version does not know the agent");
    store(agent).ok_or_else(|| Fault::new(why(), "update threadkeep"))
}

/// Returns true if an agent deletes a session within a week that the mirror lacks. A session that
/// cannot be read may be old.
fn is_ending(open: &OpenStore, found: &FoundSession, retention: Option<Retention>) -> bool {
    let said_at = || open.read(found).map_or(Some(Timestamp::MIN), |session| session.updated_at);
    retention.is_some_and(|rule| ending_since(&found.source(), said_at, rule).is_some())
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
        let mut plan = Plan::new(sqlite_home);
        plan.look_at(wanted);
        plan
    }

    fn new(sqlite_home: &Path) -> Plan {
        Plan {
            sessions: Vec::new(),
            unchanged: Vec::new(),
            failed: Vec::new(),
            unread: Vec::new(),
            opened: Vec::new(),
            vault: vault(sqlite_home),
        }
    }

    fn look_at(&mut self, wanted: Vec<Wanted>) {
        let mut places = BTreeMap::<(String, PathBuf), BTreeSet<Wanted>>::new();
        for wanted in wanted {
            places.entry((wanted.agent.clone(), wanted.place.clone())).or_default().insert(wanted);
        }
        for ((agent, place), wanted) in places {
            let opened = known(&agent).and_then(|store| self.open(store, &place));
            match opened {
                Ok(opened) => wanted.into_iter().for_each(|wanted| self.add(wanted, opened)),
                Err(fault) => wanted.into_iter().for_each(|wanted| self.fail(wanted, fault.clone())),
            }
        }
    }

    /// Looks at the sessions that added agents have: the named agents, or all. With `only_ending`,
    /// only at sessions that their agent deletes within a week, and at those of their sub-agents.
    ///
    /// # Errors
    ///
    /// As [`included`], and if the list is lost, or the index or the mirror cannot be read.
    pub async fn of_all(
        state: &StateRuntime,
        dirs: &Dirs,
        agents: &[String],
        only_ending: bool,
    ) -> Result<Plan, Fault> {
        let sqlite_home = state.sqlite_home();
        lost_list(sqlite_home).map_or(Ok(()), |lost| Err(lost.fault()))?;
        let mirror = super::mirror(sqlite_home);
        let mut added = included(sqlite_home)?;
        added.retain(|added| agents.is_empty() || agents.contains(&added.agent));
        let mut plan = Plan::new(sqlite_home);
        // A place that cannot be opened is one fault, and not one for each session.
        added.retain(|Included { agent, place }| {
            let Err(fault) = known(agent).and_then(|store| plan.open(store, place)) else { return true };
            // Of an agent that deletes nothing, no session is ending.
            let deletes = || store(agent).is_none_or(|store| store.retention(place).is_some());
            if !only_ending || deletes() {
                plan.unread.push((agent.clone(), fault));
            }
            false
        });
        let (mut wanted, mut known) = (Vec::new(), HashSet::new());
        for Included { agent, place } in &added {
            let Some(store) = store(agent) else { continue };
            let retention = store.retention(place);
            let ending_since =
                |session: &Mirrored| ending_since(&session.source, || session.updated_at, retention?);
            for session in mirror.sessions(agent).map_err(|error| Fault::plain(&error))? {
                let is_there = session.gone_since.is_none() && !session.deleted && !session.is_copy();
                let is_meant = || !only_ending || ending_since(&session).is_some();
                if session.place == *place && is_there && is_meant() {
                    wanted.push(Wanted::of(agent, &session));
                }
                known.insert((agent.as_str(), session.identity().to_owned()));
            }
        }
        if only_ending {
            let mut mirrored = MirroredThreads::new(sqlite_home);
            let ending: Vec<_> = wanted.iter().map(|wanted| wanted.thread_id).collect();
            for id in ending {
                wanted.extend(sub_agents_to_keep(state, dirs, &mut mirrored, id).await?);
            }
        }
        plan.look_at(wanted);
        for Included { agent, place } in &added {
            let is_new = |found: &FoundSession| !known.contains(&(agent, found.identity().to_owned()));
            let not_read = mirror.unread(agent, place).map_err(|error| Fault::plain(&error))?;
            let faults = plan.unread_in(agent, place, is_new, &not_read, only_ending);
            let faults = faults.unwrap_or_else(|fault| vec![fault]);
            plan.unread.extend(faults.into_iter().map(|fault| (agent.clone(), fault)));
        }
        Ok(plan)
    }

    fn open(&mut self, store: &'static dyn SessionStore, place: &Path) -> Result<usize, Fault> {
        let is_meant = |opened: &Opened| opened.store.name() == store.name() && opened.place == place;
        if let Some(opened) = self.opened.iter().position(is_meant) {
            return Ok(opened);
        }
        check_place(store, place)?;
        let open = store.open(place).map_err(|error| Fault::plain(&error))?;
        self.opened.push(Opened { store, place: place.to_owned(), open });
        Ok(self.opened.len() - 1)
    }

    /// Returns the faults about sessions of a place that the mirror lacks: `not_read` could not be
    /// read when it was last brought up to date, and others have come since.
    fn unread_in(
        &mut self,
        agent: &str,
        place: &Path,
        is_new: impl Fn(&FoundSession) -> bool,
        not_read: &[Unread],
        only_ending: bool,
    ) -> Result<Vec<Fault>, Fault> {
        let store = known(agent)?;
        let opened = self.open(store, place)?;
        let open = &self.opened[opened].open;
        let mut unread = open.unread().to_vec();
        unread.extend(unlisted(&store.watched(place)));
        let mut new = 0;
        for found in open.sessions().iter().filter(|found| is_new(found)) {
            let source = found.source();
            match not_read.iter().find(|unread| unread.path == source.to_string_lossy()) {
                Some(failed) => unread.push(failed.clone()),
                None if only_ending && !is_ending(open, found, store.retention(place)) => {}
                None => new += 1,
            }
        }
        let mut faults = Vec::new();
        if let Some(first) = unread.first() {
            let paths = counted(unread.len() as u64, "path");
            let why =
                format!("{paths} of {agent} could not be read, such as {}: {}", first.path, first.reason);
            faults.push(Fault::new(why, (command("agents --json"), " lists all")));
        }
        if new > 0 {
            let (new, place) = (counted(new, "session"), place.display());
            let why = format!("not read yet, and so not kept: {new} of {agent} in {place}");
            faults.push(Fault::new(why, (command("backfill"), " reads them; then try again")));
        }
        Ok(faults)
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

#[cfg(test)]
#[path = "../../tests/unit/agents_plan.rs"]
mod tests;

//! Places of agents on this machine: what a listing of folders says, and what the mirror knows.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use threadkeep_rollout::AgentHome;
use threadkeep_sessions::{
    Environment, LastUse, Mirrored, Retention, SessionStore, Unread, Vault, each_file, stores,
};
use threadkeep_state::HOME_AGENT;

use super::included::{Included, included};
use super::vault::vault;
use crate::dirs::{Dirs, in_home};
use crate::fault::Fault;
use crate::given::real;
use crate::version::sorted;

/// Days before its deletion by the agent from which a session is warned of.
const WARNED_DAYS: i64 = 7;

/// Place of an agent that is on this machine, was added, or has sessions in the mirror.
#[derive(Debug)]
#[non_exhaustive]
pub struct Place {
    /// The agent's store.
    pub store: &'static dyn SessionStore,
    /// The folder.
    pub path: PathBuf,
    /// True if its sessions are shown: the user added it, or it is the home.
    pub is_included: bool,
    /// True if it is the home that is read.
    pub is_home: bool,
    /// True if the folder is there.
    pub exists: bool,
    /// Bytes of all files of the agent in it.
    pub bytes: u64,
    /// Time of the last write to a file in it.
    pub last_used_at: Option<Timestamp>,
    /// Sessions that are shown, or will be by the next list; `None` if it was never included. What
    /// was read of a removed place is still shown.
    pub sessions: Option<u64>,
    /// Of those, sessions that the agent has deleted.
    pub gone: u64,
    /// Sessions without a copy that the agent will delete within a week.
    pub ending: u64,
    /// True if its sessions were read since it was added, or need not be: it is the home.
    pub is_read: bool,
    /// Versions of the agent that present sessions name, the oldest first. Not all agents write
    /// theirs.
    pub versions: Vec<String>,
    /// Formats that present sessions name. Not all agents number theirs.
    pub formats: Vec<String>,
    /// Files and folders that could not be read when it was last read.
    pub unread: Vec<Unread>,
    /// Damaged lines of its sessions by main file.
    pub damaged_lines: Vec<(PathBuf, u64)>,
}

/// Returns the places of all agents that this build knows, by name.
///
/// # Errors
///
/// As [`included`], and if the mirror cannot be read.
pub fn places(dirs: &Dirs, environment: &Environment) -> Result<Vec<Place>, Fault> {
    let Dirs { home, sqlite_home, .. } = dirs.absolute();
    let (included, mirror) = (included(&sqlite_home)?, super::mirror(&sqlite_home));
    let vault = vault(&sqlite_home);
    let home = AgentHome::open(real(&home)).ok().filter(AgentHome::looks_like_home);
    let home = home.filter(|_| !dirs.is_without_agent());
    let mut found = Vec::new();
    for store in stores() {
        let sessions = mirror.sessions(store.name()).map_err(|error| Fault::plain(&error))?;
        let home = home.as_ref().filter(|_| store.name() == HOME_AGENT);
        let added = included.iter().filter(|known| known.agent == store.name());
        let mut paths: Vec<PathBuf> = added.map(|known| known.place.clone()).collect();
        let defaults = store.places(environment).into_iter().filter(|path| path.exists());
        paths.extend(defaults.map(|path| real(&path)));
        paths.extend(home.map(|home| home.root().to_owned()));
        paths
            .extend(sessions.iter().filter(|session| is_shown(session)).map(|session| session.place.clone()));
        paths.sort();
        paths.dedup();
        for path in paths {
            let home = home.filter(|home| home.root() == path);
            let mut place = look(store, path, home, &included, &sessions, &vault);
            if place.is_included {
                let unread = mirror.unread(store.name(), &place.path);
                place.unread = unread.map_err(|error| Fault::plain(&error))?;
            }
            found.push(place);
        }
    }
    Ok(found)
}

/// Looks at a place: its files, and what the mirror knows of it.
fn look(
    store: &'static dyn SessionStore,
    path: PathBuf,
    home: Option<&AgentHome>,
    included: &[Included],
    known: &[Mirrored],
    vault: &Vault,
) -> Place {
    let is_added = included.iter().any(|included| included.agent == store.name() && included.place == path);
    let (bytes, last_used_at) = size(store, &path);
    let mut place = Place {
        store,
        is_included: is_added || home.is_some(),
        is_home: home.is_some(),
        exists: path.is_dir(),
        bytes,
        last_used_at,
        sessions: None,
        gone: 0,
        ending: 0,
        is_read: home.is_some(),
        versions: Vec::new(),
        formats: Vec::new(),
        unread: Vec::new(),
        damaged_lines: Vec::new(),
        path,
    };
    if let Some(home) = home {
        let files = home.discover().files.into_iter();
        let threads: HashSet<_> = files.filter_map(|file| Some(file.name?.thread_id)).collect();
        place.sessions = Some(threads.len() as u64);
    } else {
        let known: Vec<_> = known.iter().filter(|session| session.place == place.path).collect();
        if is_added {
            place.take(&known, vault);
        } else {
            let shown = known.iter().filter(|session| is_shown(session)).count() as u64;
            place.sessions = Some(shown).filter(|shown| *shown > 0);
        }
    }
    place
}

/// Checks that a place is there. If a folder was made in its stead, all its sessions would count as
/// deleted.
pub(super) fn check_place(store: &dyn SessionStore, place: &Path) -> Result<(), Fault> {
    if place.is_dir() {
        return Ok(());
    }
    let why = format!("the folder of {} is not there: {}", store.title(), place.display());
    Err(Fault::new(why, "mount its disk, or make the folder, and try again"))
}

/// Returns true if a mirrored session has a thread of its own.
pub(super) fn is_shown(session: &Mirrored) -> bool {
    !session.deleted && !session.is_copy()
}

/// Returns the bytes of all files in a place, and the time of the last write to one. The databases
/// of this tool in a home are not the agent's.
fn size(store: &dyn SessionStore, place: &Path) -> (u64, Option<Timestamp>) {
    let (mut bytes, mut written_at) = (0, None);
    let ours = in_home(place);
    each_file(place, &mut |path, looked| {
        let Ok(file) = looked else { return };
        if store.name() == HOME_AGENT && path.starts_with(&ours) {
            return;
        }
        bytes += file.len;
        written_at = written_at.max(Some(file.modified_ns));
    });
    (bytes, written_at.and_then(|at| Timestamp::from_nanosecond(at.into()).ok()))
}

impl Place {
    /// Returns true if it is no longer read, and what was read is still shown.
    pub fn is_removed(&self) -> bool {
        !self.is_included && self.sessions.is_some()
    }

    /// Takes what the mirror knows of the place's sessions.
    fn take(&mut self, known: &[&Mirrored], vault: &Vault) {
        let own = || known.iter().copied().filter(|session| is_shown(session));
        let present = || own().filter(|session| session.gone_since.is_none());
        // The first list after it was added reads it.
        let in_store = || Some(self.store.open(&self.path).ok()?.sessions().len());
        let sessions = if known.is_empty() { in_store() } else { Some(own().count()) };
        self.sessions = sessions.map(|sessions| sessions as u64);
        self.is_read = !known.is_empty() || sessions == Some(0);
        self.gone = (own().count() - present().count()) as u64;
        self.versions = sorted(present().filter_map(|session| session.agent_version.clone()));
        self.formats = sorted(present().filter_map(|session| session.format.clone()));
        let damaged = own().filter(|session| session.skipped_lines > 0);
        self.damaged_lines = damaged.map(|session| (session.source.clone(), session.skipped_lines)).collect();
        if let Some(retention) = self.store.retention(&self.path) {
            let agent = self.store.name();
            // A copy that was made before the last use lacks what is new.
            let is_kept = |session: &Mirrored, used_at| {
                let kept = vault.get(agent, session.thread_id).ok().flatten();
                kept.is_some_and(|kept| kept.kept_at > used_at)
            };
            let lost = |session: &&Mirrored| {
                let ending_since = ending_since(&session.source, || session.updated_at, retention);
                ending_since.is_some_and(|used_at| !is_kept(session, used_at))
            };
            self.ending = present().filter(lost).count() as u64;
        }
    }
}

/// Returns the last use of a session that its agent will delete within a week; `None` for others.
/// `said_at` gives the time of what was said last.
pub(super) fn ending_since(
    source: &Path,
    said_at: impl FnOnce() -> Option<Timestamp>,
    retention: Retention,
) -> Option<Timestamp> {
    let used_at = match retention.after {
        LastUse::Written => written_at(source),
        LastUse::Said => said_at(),
    };
    let days = i64::from(retention.days) - WARNED_DAYS;
    let limit = Timestamp::now().checked_sub(SignedDuration::from_hours(24 * days)).ok()?;
    used_at.filter(|used_at| *used_at < limit)
}

fn written_at(path: &Path) -> Option<Timestamp> {
    fs::symlink_metadata(path).ok()?.modified().ok()?.try_into().ok()
}

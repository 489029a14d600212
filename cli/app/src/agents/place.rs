//! Places of agents on this machine: what a listing of folders says, and what the mirror knows.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use threadkeep_rollout::{AgentHome, untouched};
use threadkeep_sessions::{Environment, MAX_DEPTH, Mirrored, SessionStore, Unread, stores};
use threadkeep_state::HOME_AGENT;

use super::included::{Included, included};
use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::given::real;

/// Days before its deletion by the agent from which a session is warned of.
const WARNED_DAYS: i64 = 7;

/// Place of an agent that is on this machine, or was added.
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
    /// Bytes of all files in it.
    pub bytes: u64,
    /// Time of the last write to a file in it.
    pub last_used_at: Option<Timestamp>,
    /// Sessions that are shown, or will be by the next list; `None` unless it is included.
    pub sessions: Option<u64>,
    /// Of those, sessions that the agent has deleted.
    pub gone: u64,
    /// Of those, sessions that the agent will delete within a week.
    pub ending: u64,
    /// Versions of the agent that present sessions name. Not all agents write theirs.
    pub versions: BTreeSet<String>,
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
        paths.sort();
        paths.dedup();
        for path in paths {
            let home = home.filter(|home| home.root() == path);
            let mut place = look(store, path, home, &included, &sessions);
            if place.is_included {
                let unread = mirror.unread(store.name(), &place.path);
                place.unread = unread.map_err(|error| Fault::plain(&error))?;
            }
            found.push(place);
        }
    }
    Ok(found)
}

fn look(
    store: &'static dyn SessionStore,
    path: PathBuf,
    home: Option<&AgentHome>,
    included: &[Included],
    known: &[Mirrored],
) -> Place {
    let is_added = included.iter().any(|included| included.agent == store.name() && included.place == path);
    let mut place = Place {
        store,
        is_included: is_added || home.is_some(),
        is_home: home.is_some(),
        exists: path.is_dir(),
        bytes: 0,
        last_used_at: None,
        sessions: None,
        gone: 0,
        ending: 0,
        versions: BTreeSet::new(),
        unread: Vec::new(),
        damaged_lines: Vec::new(),
        path,
    };
    let mut folders = vec![(place.path.clone(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in untouched::entries(&folder).unwrap_or_default() {
            let path = folder.join(&entry.name);
            match entry.kind {
                untouched::Kind::Folder if depth < MAX_DEPTH => folders.push((path, depth + 1)),
                untouched::Kind::File => {
                    place.bytes += fs::symlink_metadata(&path).map_or(0, |metadata| metadata.len());
                    place.last_used_at = place.last_used_at.max(written_at(&path));
                }
                _ => {}
            }
        }
    }
    if let Some(home) = home {
        let files = home.discover().files.into_iter();
        let threads: HashSet<_> = files.filter_map(|file| Some(file.name?.thread_id)).collect();
        place.sessions = Some(threads.len() as u64);
    } else if is_added {
        let all = || known.iter().filter(|session| session.place == place.path);
        let own = || all().filter(|session| !session.deleted);
        // The first list after it was added reads it.
        let in_store = || Some(store.open(&place.path).ok()?.sessions().len());
        let sessions = if all().next().is_some() { Some(own().count()) } else { in_store() };
        place.sessions = sessions.map(|sessions| sessions as u64);
        let damaged = own().filter(|session| session.skipped_lines > 0);
        place.damaged_lines =
            damaged.map(|session| (session.source.clone(), session.skipped_lines)).collect();
        place.gone = own().filter(|session| session.gone_since.is_some()).count() as u64;
        let present = || own().filter(|session| session.gone_since.is_none());
        place.versions = present().filter_map(|session| session.agent_version.clone()).collect();
        if let Some(limit) = ends_before(store, &place.path) {
            place.ending = present().filter(|session| is_ending(session, limit)).count() as u64;
        }
    }
    place
}

/// Returns the time before which a session of a place was last written if its agent deletes it
/// within a week; `None` if that deletes none.
pub(super) fn ends_before(store: &dyn SessionStore, place: &Path) -> Option<Timestamp> {
    let days = i64::from(store.retention_days(place)?) - WARNED_DAYS;
    Timestamp::now().checked_sub(SignedDuration::from_hours(24 * days)).ok()
}

/// Returns true if a session was last written before a time.
pub(super) fn is_ending(session: &Mirrored, limit: Timestamp) -> bool {
    written_at(&session.source).is_some_and(|at| at < limit)
}

fn written_at(path: &Path) -> Option<Timestamp> {
    fs::symlink_metadata(path).ok()?.modified().ok()?.try_into().ok()
}

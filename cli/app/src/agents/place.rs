//! Places of agents on this machine: what a listing of folders says, and what the mirror knows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use threadkeep_rollout::untouched;
use threadkeep_sessions::{Environment, Mirrored, SessionStore, stores};

use super::included::{Included, included};
use crate::fault::Fault;

/// The deepest nesting of folders that is listed.
const MAX_DEPTH: usize = 12;
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
    /// True if the user added it.
    pub is_included: bool,
    /// True if the folder is there.
    pub exists: bool,
    /// Bytes of all files in it.
    pub bytes: u64,
    /// Time of the last write to a file in it.
    pub last_used_at: Option<Timestamp>,
    /// Sessions in the mirror; `None` unless it was added.
    pub sessions: Option<u64>,
    /// Of those, sessions that the agent has deleted.
    pub gone: u64,
    /// Of those, sessions that the agent will delete within a week.
    pub ending: u64,
    /// Versions of the agent that present sessions name. Not all agents write theirs.
    pub versions: BTreeSet<String>,
}

/// Returns the places of all agents that this build knows, by name.
///
/// # Errors
///
/// As [`included`], and if the mirror cannot be read.
pub fn places(sqlite_home: &Path, environment: &Environment) -> Result<Vec<Place>, Fault> {
    let (included, mirror) = (included(sqlite_home)?, super::mirror(sqlite_home));
    let mut found = Vec::new();
    for store in stores() {
        let sessions = mirror.sessions(store.name()).map_err(|error| Fault::plain(&error))?;
        let added = included.iter().filter(|known| known.agent == store.name());
        let mut paths: Vec<PathBuf> = added.map(|known| known.place.clone()).collect();
        let defaults = store.places(environment).into_iter().filter(|path| path.exists());
        paths.extend(defaults);
        paths.sort();
        paths.dedup();
        found.extend(paths.into_iter().map(|path| look(store, path, &included, &sessions)));
    }
    Ok(found)
}

fn look(store: &'static dyn SessionStore, path: PathBuf, included: &[Included], known: &[Mirrored]) -> Place {
    let is_included =
        included.iter().any(|included| included.agent == store.name() && included.place == path);
    let mut place = Place {
        store,
        is_included,
        exists: path.is_dir(),
        bytes: 0,
        last_used_at: None,
        sessions: None,
        gone: 0,
        ending: 0,
        versions: BTreeSet::new(),
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
    if is_included {
        let own =
            || known.iter().filter(|session| session.source.starts_with(&place.path) && !session.deleted);
        place.sessions = Some(own().count() as u64);
        place.gone = own().filter(|session| session.gone_since.is_some()).count() as u64;
        let present = || own().filter(|session| session.gone_since.is_none());
        place.versions = present().filter_map(|session| session.agent_version.clone()).collect();
        let limit = store.retention_days(&place.path).and_then(|days| {
            let days = i64::from(days) - WARNED_DAYS;
            Timestamp::now().checked_sub(SignedDuration::from_hours(24 * days)).ok()
        });
        if let Some(limit) = limit {
            let is_old = |session: &&Mirrored| written_at(&session.source).is_some_and(|at| at < limit);
            place.ending = present().filter(is_old).count() as u64;
        }
    }
    place
}

fn written_at(path: &Path) -> Option<Timestamp> {
    fs::symlink_metadata(path).ok()?.modified().ok()?.try_into().ok()
}

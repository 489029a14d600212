//! The list of mirrored sessions of an agent: a JSON file, replaced as a whole.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use threadkeep_rollout::untouched;
use uuid::Uuid;

use super::checkpoint::remove_both;
use super::error::MirrorError;
use super::mirrored::{Mirrored, VERSION};
use super::rebuilt::{rebuilt, rollouts};
use crate::disk;
use crate::found::{FoundSession, Unread};

/// List of an agent's mirrored sessions, by place and identity.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: u32,
    pub(super) places: BTreeMap<PathBuf, BTreeMap<String, Mirrored>>,
    /// State of each place when all of its sessions were last mirrored.
    #[serde(default)]
    states: BTreeMap<PathBuf, String>,
    /// Files and folders that could not be read in each place.
    #[serde(default)]
    unread: BTreeMap<PathBuf, Vec<Unread>>,
    /// Places that were there and added when one of them was last looked at.
    #[serde(default)]
    added: Vec<PathBuf>,
    #[serde(skip)]
    is_changed: bool,
    /// True if the file is damaged, and this list was rebuilt from the rollouts.
    #[serde(skip)]
    is_rebuilt: bool,
    /// True if a report has named the damaged file.
    #[serde(skip)]
    is_told: bool,
}

/// The most bytes that are read of a list.
const MOST_BYTES: u64 = 1 << 30;

impl Manifest {
    pub(super) fn read(folder: &Path, agent: &str) -> Result<Self, MirrorError> {
        let path = path(folder, agent);
        let bytes = match untouched::read(&path, MOST_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut manifest = Self::default();
                manifest.add_unlisted(&folder.join(agent));
                return Ok(manifest);
            }
            Err(error) => return Err(MirrorError::io(path)(error)),
        };
        let Ok(mut manifest) = serde_json::from_slice::<Self>(&bytes) else {
            let mut manifest = Self { is_changed: true, is_rebuilt: true, ..Self::default() };
            manifest.add_unlisted(&folder.join(agent));
            return Ok(manifest);
        };
        for (place, sessions) in &mut manifest.places {
            sessions.values_mut().for_each(|session| session.place.clone_from(place));
        }
        if manifest.version != VERSION {
            manifest.states.clear();
            for session in manifest.places.values_mut().flat_map(BTreeMap::values_mut) {
                session.fingerprint.clear();
            }
        }
        Ok(manifest)
    }

    /// Reads the threads of an agent's sessions alone, by identity.
    pub(super) fn read_threads(folder: &Path, agent: &str) -> Result<HashMap<String, Uuid>, MirrorError> {
        #[derive(Deserialize)]
        struct Row {
            thread_id: Uuid,
        }
        let Some(rows) = read_rows::<Row>(folder, agent) else {
            return Ok(Self::read(folder, agent)?.threads());
        };
        Ok(rows.map(|(identity, row)| (identity, row.thread_id)).collect())
    }

    /// Reads the threads alone whose sessions are gone from each of their places, with the times.
    pub(super) fn read_gone(folder: &Path, agent: &str) -> Result<HashMap<Uuid, Timestamp>, MirrorError> {
        #[derive(Deserialize)]
        struct Row {
            thread_id: Uuid,
            gone_since: Option<Timestamp>,
        }
        let mut gone = HashMap::new();
        let mut add = |thread: Uuid, gone_since: Option<Timestamp>| {
            let known = gone.entry(thread).or_insert(gone_since);
            *known = gone_since.min(*known);
        };
        match read_rows::<Row>(folder, agent) {
            Some(rows) => rows.for_each(|(_, row)| add(row.thread_id, row.gone_since)),
            None => Self::read(folder, agent)?.sessions().for_each(|row| add(row.thread_id, row.gone_since)),
        }
        Ok(gone.into_iter().filter_map(|(thread, since)| Some((thread, since?))).collect())
    }

    /// Returns the threads of the sessions, by identity.
    pub(super) fn threads(&self) -> HashMap<String, Uuid> {
        let thread = |session: &Mirrored| (session.identity().to_owned(), session.thread_id);
        self.sessions().map(thread).collect()
    }

    pub(super) fn sessions(&self) -> impl Iterator<Item = &Mirrored> {
        self.places.values().flat_map(BTreeMap::values)
    }

    /// Returns a session of a place.
    pub(super) fn known(&self, place: &Path, identity: &str) -> Option<&Mirrored> {
        self.places.get(place)?.get(identity)
    }

    /// Adds the rollouts of threads that no row has, as a killed process leaves them.
    pub(super) fn add_unlisted(&mut self, folder: &Path) {
        let listed: HashSet<_> = self.sessions().map(|session| session.thread_id).collect();
        let unlisted = rebuilt(folder, |thread| !listed.contains(&thread));
        if !unlisted.is_empty() {
            self.places.entry(PathBuf::new()).or_default().extend(unlisted);
            self.is_changed = true;
        }
    }

    /// Removes the rollouts of deleted threads that a killed process has left.
    pub(super) fn remove_deleted(&self, folder: &Path) -> Result<(), MirrorError> {
        let deleted = self.sessions().filter(|session| session.deleted);
        let deleted: HashSet<_> = deleted.map(|session| session.thread_id).collect();
        if deleted.is_empty() {
            return Ok(());
        }
        let left = rollouts(folder, |thread| deleted.contains(&thread));
        left.iter().try_for_each(|(_, path)| remove_both(path))
    }

    /// Notes which places are there. A change of them may give a session to another place.
    pub(super) fn set_added(&mut self, added: Vec<PathBuf>) {
        if self.added != added {
            self.states.clear();
            self.added = added;
            self.is_changed = true;
        }
    }

    /// Moves a session to a place from another, which no longer has it, is gone or is no longer
    /// added. Returns the other place if that still has the session.
    pub(super) fn take_over(&mut self, place: &Path, found: &FoundSession, thread: Uuid) -> Option<PathBuf> {
        let others: Vec<_> = self.places.keys().filter(|other| other.as_path() != place).cloned().collect();
        for other in others {
            // A rebuilt list has no identities.
            let by_thread = other.as_os_str().is_empty().then(|| thread.to_string());
            let identity = by_thread.as_deref().unwrap_or(found.identity());
            let Some(session) = self.known(&other, identity) else { continue };
            if session.gone_since.is_none() && self.added.contains(&other) {
                return Some(other);
            }
            let session = self.places.get_mut(&other).and_then(|sessions| sessions.remove(identity));
            let known = self.places.entry(place.to_owned()).or_default();
            if let Some(session) = session.filter(|_| !known.contains_key(found.identity())) {
                // It is read again: its files are others.
                let (key, place) = (found.key.clone(), place.to_owned());
                let session = Mirrored { fingerprint: String::new(), key, place, ..session };
                known.insert(found.identity().to_owned(), session);
            }
            self.is_changed = true;
        }
        self.places.retain(|_, sessions| !sessions.is_empty());
        None
    }

    /// Returns what could not be read in a place.
    pub(super) fn unread(&self, place: &Path) -> &[Unread] {
        self.unread.get(place).map_or(&[], Vec::as_slice)
    }

    /// Notes what could not be read in a place. Returns true if that is news.
    pub(super) fn set_unread(&mut self, place: &Path, unread: &[Unread]) -> bool {
        if self.unread(place) == unread {
            return false;
        }
        self.unread.insert(place.to_owned(), unread.to_vec());
        self.is_changed = true;
        !unread.is_empty()
    }

    /// Returns the damaged file once. The next write moves it aside.
    pub(super) fn damaged(&mut self, folder: &Path, agent: &str) -> Option<PathBuf> {
        let is_told = std::mem::replace(&mut self.is_told, true);
        (self.is_rebuilt && !is_told).then(|| damaged(folder, agent))
    }

    /// Returns the state of a place when all of its sessions were last mirrored.
    pub(super) fn state(&self, place: &Path) -> Option<&str> {
        self.states.get(place).map(String::as_str)
    }

    /// Notes the state of a place: `None` if not all of its sessions are mirrored.
    pub(super) fn set_state(&mut self, place: &Path, state: Option<String>) {
        if self.states.get(place) != state.as_ref() {
            match state {
                Some(state) => _ = self.states.insert(place.to_owned(), state),
                None => _ = self.states.remove(place),
            }
            self.is_changed = true;
        }
    }

    /// Forgets the states of the other places, so that the next pass opens them: one of them may
    /// have a session that this one has lost.
    pub(super) fn open_others(&mut self, place: &Path) {
        self.states.retain(|other, _| other == place);
        self.is_changed = true;
    }

    /// Notes a session of a place.
    pub(super) fn set(&mut self, place: &Path, session: Mirrored) {
        let known = self.places.entry(place.to_owned()).or_default();
        if known.get(session.identity()) != Some(&session) {
            known.insert(session.identity().to_owned(), session);
            self.is_changed = true;
        }
    }

    /// Gives the row of a present session that was noted by the agent's id alone its key. A session
    /// that is gone is another one.
    pub(super) fn identify(&mut self, place: &Path, found: &FoundSession) {
        let (Some(key), Some(known)) = (&found.key, self.places.get_mut(place)) else { return };
        let is_noted = |row: &Mirrored| row.key.is_none() && row.gone_since.is_none();
        if known.get(&found.native_id).is_some_and(is_noted)
            && let Some(row) = known.remove(&found.native_id)
        {
            known.insert(key.clone(), Mirrored { key: Some(key.clone()), ..row });
            self.is_changed = true;
        }
    }

    /// Takes a session of a place off the list.
    pub(super) fn remove(&mut self, place: &Path, identity: &str) {
        if let Some(sessions) = self.places.get_mut(place) {
            self.is_changed |= sessions.remove(identity).is_some();
        }
    }

    /// Notes that a thread was deleted. Returns the names of its rollouts.
    pub(super) fn erase(&mut self, thread_id: Uuid) -> Vec<String> {
        let sessions = self.places.values_mut().flat_map(BTreeMap::values_mut);
        let is_meant = |session: &&mut Mirrored| session.thread_id == thread_id && !session.deleted;
        let meant = sessions.filter(|session| is_meant(session) && !session.file.is_empty());
        let erased: Vec<_> = meant
            .map(|session| {
                session.deleted = true;
                session.file.clone()
            })
            .collect();
        self.is_changed |= !erased.is_empty();
        erased
    }

    /// Replaces the file, if anything has changed.
    pub(super) fn write(&mut self, folder: &Path, agent: &str) -> Result<(), MirrorError> {
        if !self.is_changed && self.version == VERSION {
            return Ok(());
        }
        self.version = VERSION;
        let path = path(folder, agent);
        if self.is_rebuilt {
            fs::rename(&path, damaged(folder, agent)).map_err(MirrorError::io(&path))?;
        }
        let bytes = serde_json::to_vec(self).map_err(io::Error::other);
        bytes.and_then(|bytes| disk::replace(&path, &bytes)).map_err(MirrorError::io(&path))?;
        (self.is_changed, self.is_rebuilt) = (false, false);
        Ok(())
    }
}

/// Reads some fields of each session, by identity: much faster than all. Returns `None` if the list
/// has to be rebuilt, or cannot be read.
fn read_rows<Row: DeserializeOwned>(
    folder: &Path,
    agent: &str,
) -> Option<impl Iterator<Item = (String, Row)> + use<Row>> {
    #[derive(Deserialize)]
    struct Rows<Row> {
        places: HashMap<String, HashMap<String, Row>>,
    }
    let bytes = untouched::read(&path(folder, agent), MOST_BYTES).ok()?;
    let Rows { places } = serde_json::from_slice(&bytes).ok()?;
    Some(places.into_values().flatten())
}

pub(super) fn path(folder: &Path, agent: &str) -> PathBuf {
    folder.join(format!("{agent}.json"))
}

/// Path of a damaged list that was moved aside.
pub(super) fn damaged(folder: &Path, agent: &str) -> PathBuf {
    folder.join(format!("{agent}.json.damaged"))
}

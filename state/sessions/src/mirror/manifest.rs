//! The list of mirrored sessions of an agent: a JSON file, replaced as a whole.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use threadkeep_rollout::untouched;
use uuid::Uuid;

use super::error::MirrorError;
use crate::found::FoundSession;

/// Mirrored session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mirrored {
    /// The agent's id of the session.
    pub native_id: String,
    /// Identity, as [`FoundSession::key`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Thread of the index.
    pub thread_id: Uuid,
    /// Place of the agent where it was found. The list has it once for all of its sessions.
    #[serde(skip)]
    pub place: PathBuf,
    /// The agent's main file of the session; of a database, the database.
    pub source: PathBuf,
    /// Path of the rollout in the agent's folder of the mirror.
    pub file: String,
    /// Version of the agent that last wrote to the session, where its files name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
    /// Fingerprint of the session when it was last read.
    pub(super) fingerprint: String,
    /// Time at which the session was first found to be gone from the agent's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_since: Option<Timestamp>,
    /// True if the thread was deleted here. Nothing of it is mirrored again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

impl Mirrored {
    /// Returns the session's identity, as [`FoundSession::identity`].
    pub fn identity(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.native_id)
    }
}

/// List of an agent's mirrored sessions, by place and identity.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: u32,
    pub(super) places: BTreeMap<PathBuf, BTreeMap<String, Mirrored>>,
    /// State of each place when all of its sessions were last mirrored.
    #[serde(default)]
    states: BTreeMap<PathBuf, String>,
    #[serde(skip)]
    is_changed: bool,
}

/// The most bytes that are read of a list.
const MOST_BYTES: u64 = 1 << 30;

/// Version of rollouts and rows that are made. It grows when they are made otherwise, and then
/// every session is read again.
const VERSION: u32 = 2;

impl Manifest {
    pub(super) fn read(folder: &Path, agent: &str) -> Result<Self, MirrorError> {
        let path = path(folder, agent);
        let bytes = match untouched::read(&path, MOST_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(MirrorError::io(path)(error)),
        };
        let mut manifest: Self = serde_json::from_slice(&bytes).map_err(|_| MirrorError::Damaged { path })?;
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

    pub(super) fn sessions(&self) -> impl Iterator<Item = &Mirrored> {
        self.places.values().flat_map(BTreeMap::values)
    }

    /// Returns another place that has the session, too.
    pub(super) fn elsewhere(&self, place: &Path, identity: &str) -> Option<&Path> {
        let has = |sessions: &BTreeMap<String, Mirrored>| {
            sessions.get(identity).is_some_and(|session| session.gone_since.is_none())
        };
        let other = self.places.iter().find(|(other, sessions)| *other != place && has(sessions));
        other.map(|(other, _)| other.as_path())
    }

    /// Returns true if a place is as it was when all of its sessions were mirrored.
    pub(super) fn is_current(&self, place: &Path, state: &str) -> bool {
        self.states.get(place).is_some_and(|known| known == state)
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

    /// Notes that a thread was deleted. Returns the names of its rollouts.
    pub(super) fn erase(&mut self, thread_id: Uuid) -> Vec<String> {
        let sessions = self.places.values_mut().flat_map(BTreeMap::values_mut);
        let meant = sessions.filter(|session| session.thread_id == thread_id && !session.deleted);
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
        let bytes = serde_json::to_vec(self).map_err(io::Error::other);
        replace(&path, &bytes.map_err(MirrorError::io(&path))?)
    }
}

pub(super) fn path(folder: &Path, agent: &str) -> PathBuf {
    folder.join(format!("{agent}.json"))
}

/// Replaces a file, so that a kill leaves the old one or the new one.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), MirrorError> {
    let new = path.with_extension("new");
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_data()
    });
    written.and_then(|()| fs::rename(&new, path)).map_err(MirrorError::io(path))
}

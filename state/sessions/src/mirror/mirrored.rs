//! Entries of the list of mirrored sessions.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

use crate::found::FoundSession;
use crate::ids::ThreadIds;
use crate::session::Session;

/// Version of the format of rollouts and rows. After a new version, every session is read again.
pub(super) const VERSION: u32 = 4;

/// Mirrored session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mirrored {
    /// The agent's id of the session.
    pub native_id: String,
    /// Identity, as [`FoundSession::key`](crate::FoundSession::key).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Thread of the index.
    pub thread_id: Uuid,
    /// Place of the agent where it was found. The list has it once for all of its sessions.
    #[serde(skip)]
    pub place: PathBuf,
    /// The agent's main file of the session; of a database, the database. Empty if not known.
    #[serde(serialize_with = "lossy")]
    pub source: PathBuf,
    /// Path of the rollout in the agent's folder of the mirror; empty if it has none.
    pub file: String,
    /// Version of the agent that last wrote to the session, where its files name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
    /// Version of the files' format, as [`Session::format`](crate::Session::format).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Time of what was said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Length of the rollout when it was last written. A shorter one is damaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rollout_bytes: Option<u64>,
    /// Session of another agent that this one was migrated from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) migrated_from: Option<Original>,
    /// Fingerprint of the session when it was last read.
    pub(super) fingerprint: String,
    /// Time at which the session was first found to be gone from the agent's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_since: Option<Timestamp>,
    /// True if the thread was deleted here. Nothing of it is mirrored again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// Damaged lines that were skipped when it was last read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped_lines: u64,
}

impl Mirrored {
    /// Returns the row of a session without a rollout.
    pub(super) fn new(place: &Path, found: &FoundSession, thread_id: Uuid) -> Self {
        Self {
            native_id: found.native_id.clone(),
            key: found.key.clone(),
            thread_id,
            place: place.to_owned(),
            source: found.source(),
            file: String::new(),
            rollout_bytes: None,
            migrated_from: None,
            agent_version: None,
            format: None,
            updated_at: None,
            fingerprint: String::new(),
            gone_since: None,
            deleted: false,
            skipped_lines: 0,
        }
    }

    /// Returns true for a copy of another agent's session that has nothing of its own. That session
    /// has the thread and the rollout.
    pub fn is_copy(&self) -> bool {
        self.file.is_empty() && !self.deleted
    }

    /// Returns true if its whole rollout is in an agent's folder of the mirror. That of a copy is
    /// its original's.
    pub(super) fn has_rollout(&self, folder: &Path) -> bool {
        let is_whole =
            |found: Metadata| found.is_file() && self.rollout_bytes.is_none_or(|bytes| found.len() >= bytes);
        let is_there = || fs::symlink_metadata(folder.join(&self.file)).is_ok_and(is_whole);
        self.is_copy() || (!self.deleted && is_there())
    }

    /// Returns the thread that has what was said in the session: that of the original for a copy.
    pub fn shown_thread(&self) -> Uuid {
        let original = self.migrated_from.as_ref().filter(|_| self.is_copy());
        original.and_then(|original| original.thread_id).unwrap_or(self.thread_id)
    }

    /// Returns the identity, as [`FoundSession::identity`](crate::FoundSession::identity).
    pub fn identity(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.native_id)
    }
}

/// Session of another agent from which one was migrated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Original {
    /// The other agent's name.
    pub(super) agent: String,
    /// Identity of its session.
    pub(super) identity: String,
    /// Thread that this session had when the migrated one was last read; `None` if it had none.
    pub(super) thread_id: Option<Uuid>,
}

impl Original {
    /// Returns the session that a session was migrated from, if another agent had that.
    pub(super) fn of(session: &Session, ids: &ThreadIds<'_>) -> Option<Self> {
        let parent = session.parent.as_ref()?;
        Some(Self {
            agent: parent.agent.clone()?,
            identity: parent.identity().to_owned(),
            thread_id: ids.migrated_from(parent),
        })
    }

    /// Returns true if the session still has this thread.
    pub(super) fn is_known(&self, ids: &ThreadIds<'_>) -> bool {
        ids.of_other(&self.agent, &self.identity) == self.thread_id
    }
}

/// Writes a path; of a name that is not UTF-8, something like it.
fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

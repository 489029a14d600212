//! Descriptions of copies: `kept.json`.

use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use threadkeep_rollout::untouched;
use uuid::Uuid;

use super::{VaultError, path};
use crate::disk;
use crate::found::FoundSession;
use crate::piece::PieceKind;

/// Name of a description.
pub(super) const NAME: &str = "kept.json";
/// Version of the format. A later one adds fields.
pub(super) const VERSION: u32 = 1;
/// The most bytes that are read of a description.
const MOST_BYTES: u64 = 1 << 30;

/// Copies in a vault.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct VaultContents {
    /// Whole copies.
    pub kept: Vec<Kept>,
    /// Folders of copies with an unreadable description, or without one of their files.
    pub damaged: Vec<PathBuf>,
}

/// Copy of a session's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Kept {
    pub(super) version: u32,
    /// The agent's name. The name of the folder has it.
    #[serde(skip)]
    pub agent: String,
    /// Thread of the index. The name of the folder has it.
    #[serde(skip)]
    pub thread_id: Uuid,
    /// The agent's id of the session.
    pub native_id: String,
    /// Identity, as [`FoundSession::key`](crate::FoundSession::key).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Place of the agent where the files were.
    #[serde(with = "path")]
    pub place: PathBuf,
    /// Time of the copy.
    pub kept_at: Timestamp,
    /// Version of the agent that last wrote to the session, where its files name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
    /// Fingerprint of the session when it was copied.
    pub(super) fingerprint: String,
    /// Name of the folder with the files.
    pub(super) copy: String,
    /// Files.
    pub files: Vec<KeptFile>,
}

/// File of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeptFile {
    /// Path in the place.
    #[serde(with = "path")]
    pub path: PathBuf,
    /// Length.
    pub bytes: u64,
    /// Kind.
    pub kind: PieceKind,
}

impl Kept {
    /// Returns the identity, as [`FoundSession::identity`](crate::FoundSession::identity).
    pub fn identity(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.native_id)
    }

    /// Returns the bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Returns true if its agent can get the session back: it is not from a database.
    pub fn is_restorable(&self) -> bool {
        self.files.iter().all(|file| file.kind != PieceKind::Rows)
    }

    /// Returns true if a session of a place has not changed since it was copied.
    pub fn is_current(&self, place: &Path, found: &FoundSession) -> bool {
        self.fingerprint == found.fingerprint && self.place == place && self.identity() == found.identity()
    }
}

/// Reads the description in a thread's folder; `None` if there is none.
pub(super) fn read(folder: &Path) -> Result<Option<Kept>, VaultError> {
    let path = folder.join(NAME);
    let bytes = match untouched::read(&path, MOST_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(VaultError::io(path)(error)),
    };
    let kept: Result<Kept, _> = serde_json::from_slice(&bytes);
    let kept = kept.map_err(|error| VaultError::description(&path, error))?;
    let mut paths = kept.files.iter().map(|file| file.path.as_path());
    if kept.copy.parse::<u64>().is_err() || !paths.all(is_inside) {
        return Err(VaultError::description(&path, "it has paths that lead elsewhere"));
    }
    Ok(Some(kept))
}

/// Returns true for a path that leads to something in the folder that it is joined to.
pub(super) fn is_inside(path: &Path) -> bool {
    path.file_name().is_some() && path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Replaces the description in a thread's folder.
pub(super) fn write(folder: &Path, kept: &Kept) -> Result<(), VaultError> {
    let path = folder.join(NAME);
    let bytes = serde_json::to_vec(kept).map_err(io::Error::other);
    let replaced = bytes.and_then(|bytes| disk::replace(&path, &bytes));
    replaced.and_then(|()| disk::sync_folder(folder)).map_err(VaultError::io(path))
}

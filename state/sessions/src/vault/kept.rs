//! Descriptions of copies: `kept.json`.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use threadkeep_rollout::untouched;
use uuid::Uuid;

use super::{VaultError, create_file, ignore_missing, path};
use crate::found::FoundSession;
use crate::piece::PieceKind;

/// Name of a description.
pub(super) const NAME: &str = "kept.json";
/// Version of the format. A later one adds fields.
pub(super) const VERSION: u32 = 1;
/// The most bytes that are read of a description.
const MOST_BYTES: u64 = 1 << 30;

/// Content of a vault.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Contents {
    /// Copies.
    pub kept: Vec<Kept>,
    /// Folders of copies whose description cannot be read.
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
    /// Thread of the index.
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
    /// Path in the place. Empty if the place is a file.
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
    let kept: Option<Kept> = serde_json::from_slice(&bytes).ok();
    // A name that leads elsewhere is not ours.
    let kept =
        kept.filter(|kept| Path::new(&kept.copy).components().count() == 1 && !kept.copy.contains(".."));
    kept.map(Some).ok_or(VaultError::Damaged { path })
}

/// Replaces the description in a thread's folder.
pub(super) fn write(folder: &Path, kept: &Kept) -> Result<(), VaultError> {
    let (path, new) = (folder.join(NAME), folder.join("kept.json.new"));
    let bytes = serde_json::to_vec(kept).map_err(std::io::Error::other).map_err(VaultError::io(&path))?;
    let written = fs::remove_file(&new).or_else(ignore_missing).and_then(|()| {
        let mut file = create_file(&new)?;
        file.write_all(&bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&new, &path)).map_err(VaultError::io(path))
}

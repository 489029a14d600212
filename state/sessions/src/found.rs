//! Sessions of a store, as far as they are known before they are read.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use threadkeep_rollout::Fingerprint;

use crate::error::StoreError;

/// Sessions that were found in a place, and files that are none.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Sessions, by the agent's id.
    pub sessions: BTreeMap<String, FoundSession>,
    /// Files that look like sessions and are none.
    pub skipped: Vec<SkippedFile>,
    /// Files that cannot be read, and may have sessions.
    pub unread: Vec<Unread>,
}

impl Listing {
    /// Adds a session. Of copies of a session, the longest stays: it has the most. Returns false if
    /// another copy stays.
    pub fn add(&mut self, session: FoundSession) -> bool {
        let is_longer = |known: &FoundSession| known.bytes < session.bytes;
        let is_taken = self.sessions.get(&session.native_id).is_none_or(is_longer);
        if is_taken {
            self.sessions.insert(session.native_id.clone(), session);
        }
        is_taken
    }

    /// Adds a file that is no session, with the reason.
    pub fn skip(&mut self, path: impl Into<PathBuf>, reason: impl ToString) {
        self.skipped.push(SkippedFile { path: path.into(), reason: reason.to_string() });
    }

    /// Adds a file that cannot be read, and may have sessions, with the reason.
    pub fn unread(&mut self, path: impl AsRef<Path>, reason: impl ToString) {
        let path = path.as_ref();
        // Agents remove files at any time.
        if std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            return;
        }
        self.unread.push(Unread::new(path, reason));
    }

    /// Reads a document that is not a session's main file, such as a map of folders; an empty one
    /// if there is none. Lists an unreadable document: sessions may lack something then, such as
    /// their folder.
    pub(crate) fn shared<T: DeserializeOwned + Default>(&mut self, path: &Path) -> T {
        let read = crate::files::document(path).map_err(|error| self.unread(path, error));
        read.ok().flatten().unwrap_or_default()
    }

    /// Returns true if a file has a prompt, as its head says. Skips a file without one, and a file
    /// whose head cannot be read.
    pub fn has_prompt(&mut self, path: &Path, head: Result<bool, StoreError>) -> bool {
        match head {
            Ok(true) => return true,
            Ok(false) => self.skip(path, "it has no prompt"),
            Err(error) => self.unread(path, error),
        }
        false
    }
}

/// Session of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSession {
    /// The agent's id of the session, unique in the store.
    pub native_id: String,
    /// Identity of a session whose agent gives its id to another one once it is removed; `None`
    /// where ids are given once.
    pub key: Option<String>,
    /// Files that it is read from, the main one first; of a database, the database.
    pub files: Vec<PathBuf>,
    /// Files and folders that are the session's own, but are not read: the agent needs them to
    /// resume it. A folder may have files of other sessions, such as sub-agents.
    pub more: Vec<PathBuf>,
    /// Text that changes when the session changes.
    pub fingerprint: String,
    /// Bytes of the files that are the session's own; `None` in a database.
    pub bytes: Option<u64>,
}

impl FoundSession {
    /// Returns the session's identity: its key, else the agent's id.
    pub fn identity(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.native_id)
    }

    /// Returns a session that is read from these files. Of a missing one, its absence is part of
    /// the fingerprint.
    pub fn of_files(native_id: impl Into<String>, files: Vec<PathBuf>) -> Self {
        let (mut fingerprint, mut bytes) = (String::new(), 0);
        for file in &files {
            match std::fs::symlink_metadata(file) {
                Ok(metadata) => {
                    bytes += metadata.len();
                    fingerprint.push_str(&Fingerprint::of(&metadata).short(b""));
                }
                Err(_) => fingerprint.push('-'),
            }
            fingerprint.push(' ');
        }
        fingerprint.pop();
        let native_id = native_id.into();
        Self { native_id, key: None, files, more: Vec::new(), fingerprint, bytes: Some(bytes) }
    }

    /// Adds a file that all sessions of a place share, such as a map of folders. Of such a file
    /// only the value that concerns this session is part of the fingerprint.
    #[must_use]
    pub fn with_map(mut self, map: PathBuf, value: Option<&str>) -> Self {
        self.fingerprint.push(' ');
        self.fingerprint.push_str(value.unwrap_or("-"));
        self.files.push(map);
        self
    }

    /// Adds a file or folder that the agent needs to resume the session, and that is not read.
    #[must_use]
    pub fn with_more(mut self, path: impl Into<PathBuf>) -> Self {
        self.more.push(path.into());
        self
    }

    /// Returns the path of the main file; empty if it has none.
    pub fn source(&self) -> PathBuf {
        self.files.first().cloned().unwrap_or_default()
    }

    /// Returns the main file.
    ///
    /// # Errors
    ///
    /// [`StoreError::Gone`], if it is no longer there.
    pub fn main_file(&self) -> Result<&Path, StoreError> {
        let main = self.files.first().filter(|path| path.is_file());
        main.map(PathBuf::as_path).ok_or_else(|| self.gone())
    }

    /// Returns the error for a session that is no longer there.
    pub fn gone(&self) -> StoreError {
        StoreError::Gone { native_id: self.native_id.clone() }
    }
}

/// File of a store that looks like a session and is not read as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedFile {
    /// The file.
    pub path: PathBuf,
    /// Reason, for people.
    pub reason: String,
}

/// File or folder of a store that cannot be read, and may have sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Unread {
    /// The file or folder.
    pub path: String,
    /// Reason, for people.
    pub reason: String,
}

impl Unread {
    pub(crate) fn new(path: &Path, reason: impl ToString) -> Self {
        Self { path: path.to_string_lossy().into_owned(), reason: reason.to_string() }
    }
}

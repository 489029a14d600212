//! Sessions of a store, as far as they are known before they are read.

use std::path::PathBuf;

use threadkeep_rollout::Fingerprint;

/// Session of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSession {
    /// The agent's id of the session, unique in the store.
    pub native_id: String,
    /// Files that it is read from, the main one first; of a database, the database.
    pub files: Vec<PathBuf>,
    /// Text that changes when the session changes.
    pub fingerprint: String,
    /// Bytes of the files that are the session's own; `None` in a database.
    pub bytes: Option<u64>,
}

impl FoundSession {
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
        Self { native_id: native_id.into(), files, fingerprint, bytes: Some(bytes) }
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
}

/// File of a store that looks like a session and is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedFile {
    /// The file.
    pub path: PathBuf,
    /// Reason, for people.
    pub reason: String,
}

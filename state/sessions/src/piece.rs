//! Pieces of a session: all that it needs to be read alone, and that its agent needs to resume it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use threadkeep_rollout::untouched;

use crate::error::StoreError;
use crate::found::FoundSession;

/// Ends of the names of files that say which process uses a session.
const LOCKS: [&str; 2] = ["lock", "hold"];
/// End of the name of a file that SQLite makes again from the log of a database.
const INDEX_OF_LOG: &str = "-shm";
/// Folder with an agent's logs, which may have headers of requests.
const LOGS: &str = "logs";
/// Levels of folders of a session that are copied.
const MAX_DEPTH: usize = 32;

/// File or folder that a session needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Path in the agent's place.
    pub path: PathBuf,
    /// Kind.
    pub kind: PieceKind,
    /// Content that is kept in place of the file's own; `None` for the file as it is.
    pub bytes: Option<Vec<u8>>,
}

/// Kind of a piece, which decides what restoring does with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PieceKind {
    /// The session's own file. It is put back.
    Own,
    /// File that other sessions need, too, or the part of it that concerns this session. It is put
    /// back where there is none. A file that is there gets the part if it has none of the session.
    Shared,
    /// Part of another session's file, without which this one reads differently. It is never put
    /// back.
    Context,
    /// Database with the rows of this session. It is never put back.
    Rows,
    /// Folder that the reader expects. It may be empty in the copy.
    Folder,
}

impl Piece {
    /// Returns the session's own file, with another content.
    pub fn own(path: impl Into<PathBuf>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), kind: PieceKind::Own, bytes: Some(bytes) }
    }

    /// Returns a file that sessions share.
    pub fn shared(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), kind: PieceKind::Shared, bytes: None }
    }

    /// Returns the part of a shared file that concerns the session.
    pub fn shared_part(path: impl Into<PathBuf>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), kind: PieceKind::Shared, bytes: Some(bytes) }
    }

    /// Returns a part of another session's file.
    pub fn context(path: impl Into<PathBuf>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), kind: PieceKind::Context, bytes: Some(bytes) }
    }

    /// Returns a database with the rows of the session.
    pub fn rows(path: impl Into<PathBuf>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), kind: PieceKind::Rows, bytes: Some(bytes) }
    }

    /// Returns the number of bytes, and 0 for a folder or a file that is gone.
    pub fn size(&self) -> u64 {
        match &self.bytes {
            Some(bytes) => bytes.len() as u64,
            None if !self.is_file() => 0,
            None => fs::symlink_metadata(&self.path).map_or(0, |metadata| metadata.len()),
        }
    }

    /// Returns true if it is a file.
    pub fn is_file(&self) -> bool {
        self.kind != PieceKind::Folder
    }
}

/// Returns all pieces of a session: the pieces that its store has made, and its own files and
/// folders, without files of other sessions.
pub(crate) fn all(
    found: &FoundSession,
    made: Vec<Piece>,
    of_another: impl Fn(&Path) -> bool,
) -> Result<Vec<Piece>, StoreError> {
    let mut pieces: BTreeMap<_, _> = made.into_iter().map(|piece| (piece.path.clone(), piece)).collect();
    let is_made = |path: &Path| pieces.get(path).is_some_and(|piece| piece.bytes.is_some());
    if !found.files.first().is_some_and(|main| main.is_file() || is_made(main)) {
        return Err(found.gone());
    }
    let mut open: Vec<_> = found.files.iter().chain(&found.more).map(|path| (path.clone(), 0)).collect();
    while let Some((path, depth)) = open.pop() {
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(StoreError::io(path)(error)),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_lock = LOCKS.iter().any(|end| path.extension() == Some(OsStr::new(end)));
        if depth > 0 && (is_lock || name.ends_with(INDEX_OF_LOG) || (metadata.is_dir() && name == LOGS)) {
            continue;
        }
        // The folders on the way to another session's files stay.
        let kind = if metadata.is_dir() { PieceKind::Folder } else { PieceKind::Own };
        if (metadata.is_file() && (depth == 0 || !of_another(&path))) || metadata.is_dir() {
            pieces.entry(path.clone()).or_insert(Piece { path: path.clone(), kind, bytes: None });
        }
        if metadata.is_dir() && depth < MAX_DEPTH && !of_another(&path) {
            let entries = untouched::entries(&path).map_err(StoreError::io(&path))?;
            open.extend(entries.into_iter().map(|entry| (path.join(entry.name), depth + 1)));
        }
    }
    Ok(pieces.into_values().collect())
}

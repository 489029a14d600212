//! Bringing the generated files in line with the stored memories.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::atomic::TEMPORARY;
use super::extensions::is_real_folder;
use super::render::{is_unedited, raw_memories, rollout_summary};
use super::{EDITED, RAW_MEMORIES, ROLLOUT_SUMMARIES, write_atomically};
use crate::Memory;

/// Files that a sync changed, as paths in the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Synced {
    /// Written, new or again.
    pub written: Vec<String>,
    /// Removed: their memory is no longer selected.
    pub removed: Vec<String>,
    /// Places of what a user had written into generated files.
    pub edited: Vec<String>,
}

/// A sync that failed. It can be repeated.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SyncError {
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// Action: `read`, `write`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The folder of summaries is a link or a file, and nothing may be written through it.
    #[error("{} is not a folder; move it away", .0.display())]
    NotAFolder(PathBuf),
}

/// Brings `raw_memories.md` and `rollout_summaries/` in line with the memories. Writes only files
/// that differ.
///
/// A generated file that a user edited is moved to `edited/`, where the next consolidation finds
/// it. Summaries of threads that are not among the memories are removed. Every other file stays.
///
/// # Errors
///
/// [`SyncError`].
pub fn sync(root: &Path, memories: &[Memory]) -> Result<Synced, SyncError> {
    let summaries = root.join(ROLLOUT_SUMMARIES);
    make_folder(&summaries)?;
    let mut wanted = BTreeMap::from([(RAW_MEMORIES.to_owned(), raw_memories(memories))]);
    for memory in memories {
        wanted.insert(format!("{ROLLOUT_SUMMARIES}/{}.md", memory.thread.id), rollout_summary(memory));
    }
    for folder in [root, &summaries] {
        remove_temporary(folder).map_err(failed("tidy up", folder))?;
    }
    let mut synced = Synced::default();
    for entry in fs::read_dir(&summaries).map_err(failed("read", &summaries))? {
        let entry = entry.map_err(failed("read", &summaries))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{ROLLOUT_SUMMARIES}/{name}");
        if wanted.contains_key(&path) || !names_a_thread(&name) {
            continue;
        }
        if !keep_edit(root, &path, &mut synced)? {
            fs::remove_file(entry.path()).map_err(failed("remove", &entry.path()))?;
        }
        synced.removed.push(path);
    }
    for (path, text) in wanted {
        let target = root.join(&path);
        if content(&target)?.is_some_and(|content| content == text.as_bytes()) {
            continue;
        }
        keep_edit(root, &path, &mut synced)?;
        write_atomically(&target, text.as_bytes()).map_err(failed("write", &target))?;
        synced.written.push(path);
    }
    synced.removed.sort();
    Ok(synced)
}

/// Removes temporary files that a killed process left: they may have words of a forgotten thread.
fn remove_temporary(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Moves a file to `edited/` if a user edited it. Returns true if it did.
fn keep_edit(root: &Path, path: &str, synced: &mut Synced) -> Result<bool, SyncError> {
    let from = root.join(path);
    match fs::symlink_metadata(&from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed("read", &from)(error)),
        Ok(metadata) if !metadata.is_file() => {}
        Ok(_) if content(&from)?.is_some_and(|content| is_unedited(&content)) => return Ok(false),
        Ok(_) => {}
    }
    let folder = root.join(EDITED);
    make_folder(&folder)?;
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
    let free = (1_u32..).map(|number| match number {
        1 => name.to_owned(),
        _ => format!("{stem}-{number}.{end}"),
    });
    for name in free {
        let to = folder.join(&name);
        if fs::symlink_metadata(&to).is_ok() {
            continue;
        }
        fs::rename(&from, &to).map_err(failed("move", &from))?;
        synced.edited.push(format!("{EDITED}/{name}"));
        break;
    }
    Ok(true)
}

/// Returns the content of a regular file; `None` if there is none.
fn content(path: &Path) -> Result<Option<Vec<u8>>, SyncError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => fs::read(path).map(Some).map_err(failed("read", path)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

fn make_folder(path: &Path) -> Result<(), SyncError> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let is_real = is_real_folder(path).map_err(failed("read", path))?;
            if is_real { Ok(()) } else { Err(SyncError::NotAFolder(path.to_owned())) }
        }
        created => created.map_err(failed("make the folder", path)),
    }
}

/// Returns true for a name that only a sync gives: a thread's id.
fn names_a_thread(name: &str) -> bool {
    name.strip_suffix(".md").is_some_and(|id| id.len() == 36 && uuid::Uuid::parse_str(id).is_ok())
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SyncError {
    let path = path.to_owned();
    move |source| SyncError::Io { action, path, source }
}

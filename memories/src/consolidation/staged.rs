//! The copy of the workspace on which an agent works.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::files::{MEMORY_SUMMARY, WORKSPACE_DIFF};
use crate::workspace::{MOST_DIFF, Snapshot, Workspace, WorkspaceDiff, WorkspaceError};

/// Beginning of the names of copies in the folder for temporary files.
const PREFIX: &str = "threadkeep-memories-";
/// Name of the copy, in a folder of its own.
const ROOT: &str = "root";
/// Name of the file that is locked while its process lives, in each such folder.
const LOCK: &str = "lock";

/// A copy of the workspace, removed when it is dropped.
pub(super) struct Staged {
    folder: TempDir,
    _lock: File,
    /// The copied files.
    pub(super) given: Snapshot,
    /// The copy against the baseline.
    pub(super) diff: WorkspaceDiff,
    /// Size of the copied summary in bytes. Zero if there is none.
    summary_bytes: usize,
}

impl Staged {
    /// Copies the workspace, and compares the copy with the baseline.
    pub(super) fn of(workspace: &Workspace) -> Result<Self, WorkspaceError> {
        let temporary = std::env::temp_dir();
        // They have words of threads, some of which the user may have deleted meanwhile.
        remove_left(&temporary);
        let in_folder = |source| WorkspaceError::Io { action: "make a folder in", path: temporary, source };
        let make = || {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
            let lock = File::create(folder.path().join(LOCK))?;
            lock.lock()?;
            Ok((folder, lock))
        };
        let (folder, lock) = make().map_err(in_folder)?;
        let root = folder.path().join(ROOT);
        let given = workspace.stage(&root)?;
        let diff = workspace.diff_of(&root, &given)?;
        let summary = fs::symlink_metadata(root.join(MEMORY_SUMMARY));
        let summary_bytes =
            summary.map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(usize::MAX));
        Ok(Self { folder, _lock: lock, given, diff, summary_bytes })
    }

    /// Returns the copy.
    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().join(ROOT)
    }

    /// Writes the diff into the copy and the prompt next to it. Returns the prompt's file.
    pub(super) fn prepare(&self, prompt: &str) -> io::Result<PathBuf> {
        fs::write(self.root().join(WORKSPACE_DIFF), self.diff.to_markdown(MOST_DIFF))?;
        let prompt_file = self.folder.path().join("prompt.md");
        fs::write(&prompt_file, prompt)?;
        Ok(prompt_file)
    }

    /// Removes the diff, and checks what the agent left. Returns the reason if it cannot be taken
    /// over. Returns the size of the summary if it is above the limit.
    ///
    /// Only a user can have made the given summary longer than the limit. Its words stay, so the
    /// result may be as long.
    pub(super) fn check(&self, max_summary_bytes: usize) -> Result<Option<usize>, String> {
        let root = self.root();
        match fs::remove_file(root.join(WORKSPACE_DIFF)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.to_string()),
            _ => {}
        }
        let summary = root.join(MEMORY_SUMMARY);
        if !fs::symlink_metadata(&summary).is_ok_and(|metadata| metadata.is_file()) {
            return Err(format!("the agent left no file {MEMORY_SUMMARY}"));
        }
        let content = fs::read(&summary).map_err(|error| error.to_string())?;
        let (bytes, allowed) = (content.len(), max_summary_bytes.max(self.summary_bytes));
        if bytes > allowed {
            return Err(format!("{MEMORY_SUMMARY} has {bytes} bytes; {allowed} are allowed"));
        }
        match std::str::from_utf8(&content) {
            Ok(text) if text.trim().is_empty() => Err(format!("{MEMORY_SUMMARY} is empty")),
            Ok(_) => Ok((bytes > max_summary_bytes).then_some(bytes)),
            Err(_) => Err(format!("{MEMORY_SUMMARY} is not UTF-8")),
        }
    }
}

/// Removes copies whose process was killed. What cannot be removed is left to a later run.
fn remove_left(temporary: &Path) {
    for entry in fs::read_dir(temporary).into_iter().flatten().flatten() {
        let is_copy = entry.file_name().to_string_lossy().starts_with(PREFIX);
        // Another user's folder cannot be opened. A folder without the file has no words yet.
        let lock = || File::open(entry.path().join(LOCK)).ok().filter(|lock| lock.try_lock().is_ok());
        if is_copy && let Some(_lock) = lock() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

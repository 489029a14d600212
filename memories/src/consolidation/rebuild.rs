//! Making the workspace again from the stored memories and files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::files::{SyncError, Synced, sync, write_atomically};
use crate::{BoxError, StageOneOutputs};

/// Files that a rebuild wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Generated files.
    pub synced: Synced,
    /// Files of agents that were missing and are there again.
    pub restored: Vec<String>,
    /// Files of agents that are there with other content, and were left alone.
    pub differing: Vec<String>,
}

/// A rebuild that failed. It can be repeated.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RebuildError {
    /// The store failed.
    #[error("cannot read the stored memories")]
    Store(#[source] BoxError),
    /// The generated files could not be written.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// Makes the files of the last consolidation again: files that follow from its memories, and files
/// that agents left. A file that is there and differs may be a user's edit, and stays.
///
/// # Errors
///
/// [`RebuildError`].
pub async fn rebuild(outputs: &dyn StageOneOutputs, root: &Path) -> Result<Rebuilt, RebuildError> {
    let memories = outputs.selected().await.map_err(RebuildError::Store)?;
    let files = outputs.kept_files().await.map_err(RebuildError::Store)?;
    let mut rebuilt = Rebuilt { synced: sync(root, &memories)?, ..Rebuilt::default() };
    for file in files {
        let path = root.join(&file.path);
        match fs::symlink_metadata(&path) {
            Ok(metadata) => {
                let is_same =
                    metadata.is_file() && fs::read(&path).is_ok_and(|content| content == file.content);
                if !is_same {
                    rebuilt.differing.push(file.path);
                }
            }
            Err(_) => {
                let written = write_below(root, &path, &file.content);
                written.map_err(|source| RebuildError::Write { path, source })?;
                rebuilt.restored.push(file.path);
            }
        }
    }
    Ok(rebuilt)
}

/// Writes a file and the folders that it needs, none of which may be a link.
fn write_below(root: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    let relative = path.strip_prefix(root).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut folder = root.to_owned();
    for name in relative.parent().into_iter().flat_map(Path::components) {
        folder.push(name);
        match fs::symlink_metadata(&folder) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
            Err(_) => fs::create_dir(&folder)?,
        }
    }
    write_atomically(path, content)
}

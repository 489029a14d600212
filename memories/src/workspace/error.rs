//! Errors of the workspace, one variant per remedy.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// An operation on the workspace that failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// The action, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The root, or Threadkeep's own folder in it, is a file or a link.
    #[error("cannot use {} as a folder: it is a file or a link", .0.display())]
    NotAFolder(PathBuf),
    /// The folder for a copy already has files.
    #[error("cannot copy the workspace to {}: the folder is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// There is no baseline yet. [`Workspace::init`](crate::Workspace::init) makes one.
    #[error("cannot compare {} with its baseline: there is none yet", .0.display())]
    NoBaseline(PathBuf),
    /// The baseline is ours and cannot be read. [`Workspace::init`](crate::Workspace::init) sets it
    /// aside and makes an empty one.
    #[error("cannot read the baseline of {}: {reason}", root.display())]
    BrokenBaseline {
        /// The root.
        root: PathBuf,
        /// The damage.
        reason: String,
    },
    /// The root has a `.git` that is not ours. It was not touched; the user can move it away or
    /// choose another root.
    #[error("cannot keep a baseline in {}: its .git is not Threadkeep's: {found}", root.display())]
    ForeignBaseline {
        /// The root.
        root: PathBuf,
        /// The difference from a baseline of ours.
        found: String,
    },
    /// A program still writes to a file that is being published. Nothing of it was published.
    #[error("cannot publish {}: a program is still writing to it", .0.display())]
    StillWritten(PathBuf),
    /// The content is too large for a baseline: more than 4 GiB after compression.
    #[error("cannot record {}: it has more than 4 GiB", .0.display())]
    TooLarge(PathBuf),
}

/// Adds the action and the path to an error of the file system.
pub(super) trait At<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, WorkspaceError>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, WorkspaceError> {
        self.map_err(|error| WorkspaceError::Io { action, path: path.to_owned(), source: error.into() })
    }
}

//! Errors of a mirror.

use std::io;
use std::path::PathBuf;

use crate::error::StoreError;

/// Reason why a mirror cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// The agent's place cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the mirror cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Reason.
        source: io::Error,
    },
    /// The list of mirrored sessions is damaged. Remove it: it is made again, but what is gone from
    /// the agent's place is then no longer known as gone.
    #[error("the list {} is damaged: remove it, and it is made again", path.display())]
    Damaged {
        /// The list.
        path: PathBuf,
    },
    /// Another process works on the mirror. Try again once it has finished.
    #[error("another process works on {}; try again", folder.display())]
    Busy {
        /// The mirror's folder.
        folder: PathBuf,
    },
}

impl MirrorError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

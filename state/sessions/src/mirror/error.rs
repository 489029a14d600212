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
    /// The name is not an agent's name, for example a path. Name an agent.
    #[error("`{agent}` is no agent's name: name an agent such as `claude`")]
    NotAnAgent {
        /// The name.
        agent: String,
    },
}

impl MirrorError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

//! Errors of a vault.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// Reason why a session cannot be kept, or a copy cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The agent's files, or the copy's, cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the vault or of the agent cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Reason.
        source: io::Error,
    },
    /// A file of the session is not in the agent's place. It cannot be kept.
    #[error("{} is not in the agent's folder {}", path.display(), place.display())]
    Outside {
        /// The file.
        path: PathBuf,
        /// The agent's place.
        place: PathBuf,
    },
    /// The copy lacks something: the agent changed its files meanwhile. Try again when it is idle.
    #[error("the copy of session {native_id} is incomplete; try again when the agent is idle")]
    NotWhole {
        /// The agent's id of the session.
        native_id: String,
    },
    /// The agent's files have less of the session than an older copy, which stays. Remove that copy
    /// to keep the rest.
    #[error(
        "session {native_id} has less than the copy that is kept of it; remove that one to keep the rest"
    )]
    Less {
        /// The agent's id of the session.
        native_id: String,
    },
    /// A file of a copy is missing or has another length. Remove the copy.
    #[error("the kept file {} is missing or has another length", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The description of a copy cannot be read. Remove the copy, or repair it.
    #[error("cannot read {}: {source}", path.display())]
    BadDescription {
        /// The description.
        path: PathBuf,
        /// Reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The agent's place has another file where one has to be put back. Move it away.
    #[error("{} exists already and is another file; move it away, and try again", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Putting a session back failed after some of its files were back. The same call continues.
    #[error("{source}; put back before that: {}", listed(written))]
    Partly {
        /// Files that were put back.
        written: Vec<PathBuf>,
        /// Reason.
        source: Box<VaultError>,
    },
    /// The session is a part of a database, and databases of agents are never written. Read the
    /// copy instead.
    #[error("the session is from a database, and no agent's database is written; its rows are in {}", path.display())]
    Database {
        /// Database with the session's rows.
        path: PathBuf,
    },
    /// The name is not an agent's name, for example a path. Name an agent.
    #[error("`{agent}` is no agent's name: name an agent such as `claude`")]
    NotAnAgent {
        /// The name.
        agent: String,
    },
}

impl VaultError {
    pub(super) fn description(
        path: &Path,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::BadDescription { path: path.to_owned(), source: source.into() }
    }

    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

fn listed(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    paths.join(", ")
}

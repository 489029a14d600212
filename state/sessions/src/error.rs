//! Errors of reading a store.

use std::any::Any;
use std::io;
use std::path::PathBuf;

/// Reason why a place or a session cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Reason.
        source: io::Error,
    },
    /// The session is no longer where it was found. List the store again.
    #[error("the session {native_id} is gone")]
    Gone {
        /// The agent's id of the session.
        native_id: String,
    },
    /// A file is larger than what is read or copied at once.
    #[error("{} has {bytes} bytes, more than the {limit} that are read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// The agent wrote to its database during each of several copies. Try again once it rests.
    #[error("{} changes all the time; try again once the agent rests", path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// The agent was stopped while it wrote its database, or still writes. Start it once.
    #[error("{} is half written; start the agent once, and try again", path.display())]
    HalfWritten {
        /// The database.
        path: PathBuf,
    },
    /// A file has another form than the agent writes.
    #[error("cannot make sense of {}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Reason.
        reason: String,
    },
}

impl StoreError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    /// Returns [`StoreError::Gone`] for a file that is not there, as where an agent deletes
    /// sessions; any other error as it is.
    pub(crate) fn or_gone(self, native_id: &str) -> Self {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Self::Gone { native_id: native_id.to_owned() }
            }
            other => other,
        }
    }

    pub(crate) fn malformed(path: impl Into<PathBuf>, reason: impl ToString + 'static) -> Self {
        let reason = match (&reason as &dyn Any).downcast_ref::<serde_json::Error>() {
            // Its own message quotes the value, which may be anything that was said.
            Some(error) if error.is_data() => {
                format!("a field has another form at line {} column {}", error.line(), error.column())
            }
            _ => reason.to_string(),
        };
        Self::Malformed { path: path.into(), reason }
    }
}

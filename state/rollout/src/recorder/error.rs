//! Errors of writing a rollout.

use std::io;
use std::path::PathBuf;

/// Reason why a line, or a file, could not be written.
///
/// The messages leave out the file's path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The file cannot be created, read or written.
    #[error("cannot write the rollout: {0}")]
    Io(#[from] io::Error),
    /// The thread already has a rollout, which can be reopened.
    #[error("the thread already has a rollout")]
    Exists {
        /// The rollout's path.
        path: PathBuf,
    },
    /// Another program wrote the rollout.
    #[error("the rollout was not written by {originator:?}")]
    NotOurs {
        /// The originator given by the caller.
        originator: String,
    },
    /// Another recorder has the file open.
    #[error("another process is writing the rollout")]
    Locked,
    /// The rollout is compressed; only a plain file can grow.
    #[error("cannot append to a compressed rollout")]
    Compressed,
    /// Neither a line nor the file's name gives the thread's id.
    #[error("the rollout has no thread id")]
    NoThread,
    /// The payload cannot be written as JSON.
    #[error("cannot write the payload as JSON: {0}")]
    Payload(serde_json::Error),
    /// The payload's JSON has line breaks between its tokens, as a pretty-printed `RawValue` has.
    #[error("the payload's JSON spans several lines")]
    NotOneLine,
}

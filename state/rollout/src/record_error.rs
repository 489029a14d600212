//! Why a rollout could not be written.

use std::io;
use std::path::PathBuf;

/// Why a line, or a file, could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The file cannot be created, read or written.
    #[error("cannot write {}: {source}; check the disk's space and the folder's permissions", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The thread has a rollout already.
    #[error("{} exists already; reopen it to append to it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Another program wrote the rollout.
    #[error("{} was not written by {originator:?} and is never appended to; start a thread of your own", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// The originator that was to append.
        originator: String,
    },
    /// Another recorder has the file open.
    #[error("{} is being written by another process; try again when that has ended", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// A rollout can be appended to only as a plain file.
    #[error("{} is compressed; decompress it with `zstd -d` first", path.display())]
    Compressed {
        /// The file.
        path: PathBuf,
    },
    /// Nothing in the rollout says which thread it is of.
    #[error("{} does not say which thread it is of; start a thread of your own", path.display())]
    NoThread {
        /// The file.
        path: PathBuf,
    },
    /// The payload cannot be written as JSON.
    #[error("the payload cannot be written as JSON: {0}")]
    Payload(serde_json::Error),
    /// The payload's JSON has line breaks between its tokens, as a pretty-printed `RawValue` has.
    #[error("the payload's JSON spans several lines, and a rollout has one a line; write it compactly")]
    NotOneLine,
}

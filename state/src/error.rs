//! Errors of the index, one variant a remedy.

use jiff::Timestamp;
use threadkeep_sqlite::{DbError, OpenError, StoreError};
use uuid::Uuid;

/// Error of the index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database refused or failed; see [`DbError::class`].
    #[error(transparent)]
    Database(#[from] DbError),
    /// No thread has this id.
    #[error("no thread {0} in the index")]
    NotFound(Uuid),
    /// The user deleted this thread.
    #[error("thread {id} was deleted at {at}")]
    Deleted {
        /// The thread.
        id: Uuid,
        /// Time of the deletion.
        at: Timestamp,
    },
    /// Not the beginning of an id.
    #[error("`{0}` is not the beginning of a thread id, which has hexadecimal digits")]
    BadIdPrefix(String),
    /// No thread begins like this.
    #[error("no thread id begins with `{0}`")]
    NoSuchPrefix(String),
    /// Several threads begin like this.
    #[error(
        "{}{} thread ids begin with `{prefix}`: {}",
        if *.more { "more than " } else { "" }, .candidates.len(), .candidates.join(", ")
    )]
    AmbiguousPrefix {
        /// Prefix that was given.
        prefix: String,
        /// First ids that begin with it.
        candidates: Vec<String>,
        /// True if there are more.
        more: bool,
    },
    /// A cursor of one sort key was used with another.
    #[error("the cursor `{0}` belongs to a list with another sort key")]
    CursorMismatch(String),
    /// A page of no threads, or of too many.
    #[error("a page has 1 to {max} threads, not {limit}")]
    BadLimit {
        /// Number that was asked for.
        limit: u32,
        /// The most there can be.
        max: u32,
    },
    /// A part of a thread's git information that is empty or too long.
    #[error("a thread's {part} has 1 to {max} characters")]
    BadGit {
        /// Part: `commit`, `branch` or `remote`.
        part: &'static str,
        /// The most there can be.
        max: usize,
    },
    /// A name that is empty or too long.
    #[error("a thread's name has 1 to {max} characters")]
    BadName {
        /// The most there can be.
        max: usize,
    },
}

impl StoreError for StateError {
    fn open_error(&self) -> Option<&OpenError> {
        if let Self::Open(error) = self { Some(error) } else { None }
    }

    fn db_error(&self) -> Option<&DbError> {
        if let Self::Database(error) = self { Some(error) } else { None }
    }
}

//! What can go wrong with the index, one variant a remedy.

use threadkeep_sqlite::{DbError, OpenError, StoreError};
use uuid::Uuid;

/// Why the index did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database refused or failed; [`DbError::class`] says of what kind.
    #[error(transparent)]
    Database(#[from] DbError),
    /// No thread has this id.
    #[error("no thread {id} in the index; `threadkeep threads` lists what there is")]
    NotFound {
        /// The id that was asked for.
        id: Uuid,
    },
    /// Not the beginning of an id.
    #[error(
        "`{prefix}` is not a thread id, nor the beginning of one: hexadecimal digits, as `threadkeep threads` prints them"
    )]
    BadIdPrefix {
        /// What was given.
        prefix: String,
    },
    /// No thread begins like this.
    #[error("no thread's id begins with `{prefix}`; `threadkeep threads` lists what there is")]
    NoSuchPrefix {
        /// What was given.
        prefix: String,
    },
    /// Several threads begin like this.
    #[error(
        "`{prefix}` is the beginning of {}{} thread ids; give more of it: {}",
        if *.more { "more than " } else { "" }, .candidates.len(), .candidates.join(", ")
    )]
    AmbiguousPrefix {
        /// What was given.
        prefix: String,
        /// The first of them.
        candidates: Vec<String>,
        /// Whether there are more than these.
        more: bool,
    },
    /// A cursor of one sort key was used with another.
    #[error(
        "the cursor `{cursor}` belongs to a list with another sort key; use it with the one it came from"
    )]
    CursorMismatch {
        /// The cursor.
        cursor: String,
    },
    /// A page of no threads, or of too many.
    #[error("a page has from 1 to {max} threads, not {limit}")]
    BadLimit {
        /// What was asked for.
        limit: u32,
        /// The most there can be.
        max: u32,
    },
    /// A name that is empty or too long.
    #[error("a thread's name has from 1 to {max} characters")]
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

//! Errors of the logs, one variant a remedy.

use threadkeep_sqlite::{DbError, OpenError, StoreError};

/// Reason why an operation on the logs failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The open database failed.
    #[error(transparent)]
    Database(#[from] DbError),
    /// A query's limit is out of range.
    #[error("a query returns 1 to {max} rows, not {limit}")]
    BadLimit {
        /// The limit that was given.
        limit: u32,
        /// [`MAX_LIMIT`](crate::MAX_LIMIT).
        max: u32,
    },
    /// An option of the writer is out of range.
    #[error("the log option `{option}` cannot be {value}: it must be {needs}")]
    BadOption {
        /// Name of the option.
        option: &'static str,
        /// Value that was given.
        value: u64,
        /// Allowed values.
        needs: &'static str,
    },
    /// The system could not start the writer's thread.
    #[error("cannot start the log writer: {0}")]
    NoThread(#[source] std::io::Error),
    /// Accepted rows are not in the database. The queue keeps the rows that fit for another try.
    #[error("cannot write all log rows: {0}")]
    Unwritten(String),
}

impl StoreError for LogError {
    fn open_error(&self) -> Option<&OpenError> {
        if let Self::Open(error) = self { Some(error) } else { None }
    }

    fn db_error(&self) -> Option<&DbError> {
        if let Self::Database(error) = self { Some(error) } else { None }
    }
}

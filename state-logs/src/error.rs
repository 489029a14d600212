//! What can go wrong with the logs, one variant a remedy.

use threadkeep_sqlite::{DbError, OpenError, StoreError};

/// Why the logs did not do what they were asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database refused or failed; [`DbError::class`] says of what kind.
    #[error(transparent)]
    Database(#[from] DbError),
    /// A query for no rows, or for too many.
    #[error(
        "a query gives from 1 to {max} rows, not {limit}: ask again with `after_id`, or with a time, to get more"
    )]
    BadLimit {
        /// What was asked for.
        limit: u32,
        /// The most there can be.
        max: u32,
    },
    /// An option of the writer that cannot be.
    #[error("the option `{option}` of the logs cannot be {value}: {needs}")]
    BadOption {
        /// Its name.
        option: &'static str,
        /// What it was.
        value: u64,
        /// What it has to be.
        needs: &'static str,
    },
    /// The system gave no thread to the writer.
    #[error("the logs' writer could not be started: {source}. Go on without logs, or end other programs")]
    NoThread {
        /// What the system said.
        source: std::io::Error,
    },
    /// Rows that were accepted are not in the database. Those that fit in the queue stay there, and are tried again.
    #[error("not everything that was logged is in the database: {reason}")]
    Unwritten {
        /// What keeps them from it.
        reason: String,
    },
}

impl StoreError for LogError {
    fn open_error(&self) -> Option<&OpenError> {
        if let Self::Open(error) = self { Some(error) } else { None }
    }

    fn db_error(&self) -> Option<&DbError> {
        if let Self::Database(error) = self { Some(error) } else { None }
    }
}

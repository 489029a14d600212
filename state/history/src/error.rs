//! Errors of the history, one variant a remedy.

use threadkeep_rollout::ExtractError;
use threadkeep_sqlite::{DbError, OpenError, StoreError};

/// Reason why the history could not be searched or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The text to search for has no letter and no digit.
    #[error("there is no word to search for in {0:?}")]
    NoWords(String),
    /// The text to search for has more words than a search takes.
    #[error("a search takes at most {max} words, and this one has {words}")]
    TooManyWords {
        /// Number of words in the text.
        words: usize,
        /// The most words.
        max: usize,
    },
    /// A rollout could not be read.
    #[error("cannot read {path}: {source}")]
    Rollout {
        /// Path in the home.
        path: String,
        /// Reason.
        source: ExtractError,
    },
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The open database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl StoreError for HistoryError {
    fn open_error(&self) -> Option<&OpenError> {
        if let Self::Open(error) = self { Some(error) } else { None }
    }

    fn db_error(&self) -> Option<&DbError> {
        if let Self::Database(error) = self { Some(error) } else { None }
    }
}

//! Errors: one type an action, one variant a remedy.

use thiserror::Error;

/// An error from behind a port.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A source that cannot be listed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The place does not exist.
    #[error("{place} does not exist")]
    Missing {
        /// The place.
        place: String,
    },
    /// The place exists and cannot be read.
    #[error("cannot list {place}")]
    Unreadable {
        /// The place.
        place: String,
        /// The system's error.
        #[source]
        source: BoxError,
    },
}

/// A batch that was not committed, not even in part.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The lease's token is no longer the current one.
    #[error("the lease was taken over or given back")]
    LeaseLost,
    /// The store failed.
    #[error("cannot store the batch")]
    Backend(#[source] BoxError),
}

/// A lease that was not renewed or given back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// Its token is no longer the current one.
    #[error("the lease was taken over or given back")]
    Lost,
    /// The store failed.
    #[error("cannot store the lease")]
    Backend(#[source] BoxError),
}

/// A run that ended early. Everything that it had committed stays, and another run continues from there.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackfillError {
    /// The source could not be listed.
    #[error("cannot list the items to index")]
    Source(#[from] SourceError),
    /// Another run has taken the lease over, because this one did not renew it in time.
    #[error("another run has taken over the backfill")]
    LeaseLost,
    /// The store behind the index or the progress failed.
    #[error("the index failed while {action}")]
    Store {
        /// The engine's action: `acquiring the lease`, `reading outcomes`, …
        action: &'static str,
        /// The store's error.
        #[source]
        source: BoxError,
    },
    /// The extracting threads ended early: the runtime is shutting down, or making a worker panicked.
    #[error("cannot read the items: the extracting threads ended")]
    Workers(#[source] BoxError),
}

impl BackfillError {
    /// Makes the map from a store's error to ours, naming the action.
    pub(crate) fn store(action: &'static str) -> impl FnOnce(BoxError) -> Self {
        move |source| Self::Store { action, source }
    }
}

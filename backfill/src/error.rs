//! What can go wrong: one type an action, one variant a remedy.

use thiserror::Error;

/// An error of whatever stands behind a port.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a source could not be listed at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// There is nothing at the place.
    #[error("{place} does not exist; check that the path is right")]
    Missing {
        /// The place.
        place: String,
    },
    /// The place is there and cannot be read.
    #[error("{place} cannot be listed; check what it is and who may read it")]
    Unreadable {
        /// The place.
        place: String,
        /// What the system said.
        #[source]
        source: BoxError,
    },
}

/// Why a batch was not committed. Nothing of it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The lease's token is no longer the current one.
    #[error("the lease has been taken over or given back")]
    LeaseLost,
    /// The store failed.
    #[error("the batch could not be stored")]
    Backend(#[source] BoxError),
}

/// Why a lease was not renewed or given back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// Its token is no longer the current one.
    #[error("the lease has been taken over or given back")]
    Lost,
    /// The store failed.
    #[error("the lease could not be stored")]
    Backend(#[source] BoxError),
}

impl From<LeaseError> for CommitError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Lost => Self::LeaseLost,
            LeaseError::Backend(source) => Self::Backend(source),
        }
    }
}

/// Why a run ended before its end. Whatever it had committed stays, and another run goes on from there.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackfillError {
    /// The source could not be listed.
    #[error("what there is to index could not be listed")]
    Source(#[from] SourceError),
    /// Another run has taken the lease over, because this one was not heard of for too long.
    #[error("another run has taken the backfill over; it goes on there, run again if it does not")]
    LeaseLost,
    /// The store behind the index or the progress failed.
    #[error("the index failed while {action}; run again once its store works")]
    Store {
        /// What the engine was doing: `acquiring the lease`, `reading outcomes`, …
        action: &'static str,
        /// What the store said.
        #[source]
        source: BoxError,
    },
    /// The extracting threads could not do their work: the runtime is shutting down, or making a worker panicked.
    #[error(
        "items could not be read because the extracting threads ended; run again in a runtime that lasts"
    )]
    Workers(#[source] BoxError),
}

impl BackfillError {
    /// Makes the map from a store's error to ours, naming what was done.
    pub(crate) fn store(action: &'static str) -> impl FnOnce(BoxError) -> Self {
        move |source| Self::Store { action, source }
    }
}

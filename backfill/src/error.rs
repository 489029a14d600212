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

/// A write under the lease that did not happen, not even in part.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The lease's token is no longer the current one.
    #[error("the lease was taken over or given back")]
    LeaseLost,
    /// The store failed.
    #[error("cannot write to the store")]
    Backend(#[from] BoxError),
}

/// A run that ended early. Everything that it had committed stays, and another run continues from
/// there.
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
    #[error("cannot {action}")]
    Store {
        /// The engine's action: `acquire the lease`, `read outcomes`, …
        action: &'static str,
        /// The store's error.
        #[source]
        source: BoxError,
    },
    /// The extracting threads ended early: the runtime is shutting down, or making a worker
    /// panicked.
    #[error("cannot read the items: the extracting threads ended")]
    Workers(#[source] BoxError),
}

impl BackfillError {
    /// Makes the map from a store's error to ours, naming the action.
    pub(crate) fn store<E: Into<WriteError>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |error| match error.into() {
            WriteError::LeaseLost => Self::LeaseLost,
            WriteError::Backend(source) => Self::Store { action, source },
        }
    }
}

//! What can go wrong with the agent graph, one variant a remedy.

use threadkeep_sqlite::{DbError, OpenError, StoreError};
use uuid::Uuid;

/// Why the agent graph did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// The database refused or failed.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Neither the graph nor the index has this thread.
    #[error("no thread {id} in the agent graph or the index; `threadkeep threads tree` shows what there is")]
    NotFound {
        /// The thread.
        id: Uuid,
    },
    /// The user deleted one of the two.
    #[error(
        "{id} was deleted, and is taken into no graph; `threadkeep backfill --include-deleted` brings it back"
    )]
    Deleted {
        /// The thread.
        id: Uuid,
    },
    /// The edge would make a thread its own ancestor.
    #[error("{child} cannot be a child of {parent}: {parent} is {child} itself or descends from it")]
    Cycle {
        /// The parent that was asked for.
        parent: Uuid,
        /// The child that was asked for.
        child: Uuid,
    },
    /// The child has another parent already.
    #[error(
        "{child} was spawned by {current}, and a thread has one parent: it cannot be a child of {refused}, too"
    )]
    SecondParent {
        /// The child.
        child: Uuid,
        /// The parent it has.
        current: Uuid,
        /// The parent that was asked for.
        refused: Uuid,
    },
}

impl StoreError for GraphError {
    fn open_error(&self) -> Option<&OpenError> {
        None
    }

    fn db_error(&self) -> Option<&DbError> {
        if let Self::Database(error) = self { Some(error) } else { None }
    }
}

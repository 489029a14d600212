//! Errors of the agent graph, one variant a remedy.

use threadkeep_sqlite::{DbError, StoreError};
use uuid::Uuid;

/// Error of the agent graph.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// The database refused or failed.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Neither the graph nor the index has this thread.
    #[error("no thread {0} in the agent graph or the index")]
    NotFound(Uuid),
    /// The user deleted one of the two.
    #[error("thread {0} was deleted and cannot be added to the agent graph")]
    Deleted(Uuid),
    /// The edge would make a thread its own ancestor.
    #[error("{child} cannot be a child of {parent}: {parent} is {child} or descends from it")]
    Cycle {
        /// The parent that was asked for.
        parent: Uuid,
        /// The child that was asked for.
        child: Uuid,
    },
    /// The child has another parent already.
    #[error("{child} cannot be a child of {refused}: it is a child of {current}")]
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
    fn db_error(&self) -> Option<&DbError> {
        if let Self::Database(error) = self { Some(error) } else { None }
    }
}

//! Holds the index against the rollouts, field by field, and mends it from them.
//!
//! The rollouts are right: they are read anew, from their first byte, and whatever the index says otherwise is a
//! difference. What only the user knows (names they gave, what they archived) is not compared, because no rollout
//! could contradict it.

mod compare;
mod mend;
mod read;

use uuid::Uuid;

use crate::home_problem::FileProblem;

pub use compare::AuditError;
pub(crate) use compare::rows_by_id;

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct AuditReport {
    /// Rollouts that were read.
    pub files: u64,
    /// Threads of the index that were compared.
    pub threads: u64,
    /// Threads that could not be compared, because the place of their rollouts cannot be read.
    pub unseen: u64,
    /// Where index and rollouts differ, in the order of the files.
    pub differences: Vec<Difference>,
    /// Files that give no thread of their own. The index is not wrong about them.
    pub problems: Vec<FileProblem>,
}

/// One place where the index is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The thread.
    pub thread_id: Uuid,
    /// The rollout, relative to the home; for a thread without one, where the index says it is.
    pub rollout_path: String,
    /// What is wrong.
    pub kind: DifferenceKind,
}

/// What is wrong with the index.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DifferenceKind {
    /// A field says something else than the rollout.
    Field {
        /// The column.
        field: &'static str,
        /// What the index says; `None` for NULL.
        index: Option<String>,
        /// What the rollout says; `None` where it says nothing.
        rollout: Option<String>,
    },
    /// The rollout is there, its thread is in no list.
    NotIndexed,
    /// The thread is listed, its rollout is gone.
    NoRollout,
}

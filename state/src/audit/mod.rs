//! Compares the index with the rollouts, field by field, and repairs it from them.
//!
//! The rollouts are right: an audit reads them from their first byte, and every deviation of the
//! index is a difference. The user's names and marks are not compared, because no rollout has them.

mod compare;
mod read;
mod repair;

use uuid::Uuid;

use crate::home_problem::FileProblem;

pub use compare::AuditError;
pub(crate) use compare::rows_by_id;

/// Findings of an audit.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct AuditReport {
    /// Rollouts that were read.
    pub files: u64,
    /// Threads of the index that were compared.
    pub threads: u64,
    /// Threads that could not be compared, because the place of their rollouts cannot be read.
    pub unseen: u64,
    /// Places where index and rollouts differ, in the order of the files. See
    /// [`Difference::is_behind`].
    pub differences: Vec<Difference>,
    /// Files that give no thread of their own. The index is not wrong about them.
    pub problems: Vec<FileProblem>,
}

impl AuditReport {
    /// Returns the number of differences that no change of a file explains.
    pub fn wrong(&self) -> usize {
        self.differences.iter().filter(|difference| !difference.is_behind).count()
    }
}

/// One place where the index differs from a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The thread.
    pub thread_id: Uuid,
    /// Path of the rollout, relative to the home. For a thread without one, the path in the index.
    pub rollout_path: String,
    /// Kind of the mistake.
    pub kind: DifferenceKind,
    /// True if the file has changed since it was indexed: the next index run corrects it.
    pub is_behind: bool,
}

/// Mistake in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DifferenceKind {
    /// A field has another value than in the rollout.
    Field {
        /// The column.
        field: &'static str,
        /// Value in the index; `None` for NULL.
        index: Option<String>,
        /// Value in the rollout; `None` if it has none.
        rollout: Option<String>,
    },
    /// The rollout exists, and its thread is in no list.
    NotIndexed,
    /// The thread is listed, and its rollout is gone.
    NoRollout,
}

//! The report of a run, and its errors.

use std::path::PathBuf;

use jiff::Timestamp;
use thiserror::Error;

use crate::files::Synced;
use crate::workspace::{Change, Refused};
use crate::{BoxError, NotNow, Step};

/// End of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// The agent ran, and its changes are in the workspace.
    Consolidated,
    /// Nothing differs from the baseline. No agent ran.
    Unchanged,
    /// No run may begin now.
    NotNow(NotNow),
    /// Another run took the lock over. Nothing was touched since.
    LeaseLost,
    /// The run was stopped, and nothing of its agent taken over.
    Stopped,
}

/// Report of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsolidationReport {
    /// The end.
    pub ending: Ending,
    /// Number of memories in the workspace.
    pub memories: usize,
    /// Number of memories that were removed, because they were unused for too long.
    pub pruned: u64,
    /// Generated files that changed.
    pub synced: Synced,
    /// Resources of extensions that were removed.
    pub pruned_resources: Vec<String>,
    /// Changes that the agent was given.
    pub changes: Vec<Change>,
    /// Names that no baseline can have. They are left out.
    pub refused: Vec<Refused>,
    /// Changes that the agent made.
    pub written: Vec<Change>,
    /// Size of the summary in bytes, if it is above the limit: the user's own text alone is.
    pub oversized_summary: Option<usize>,
    /// Files that the user changed while the agent ran. The next run sees them.
    pub kept_for_next_run: Vec<PathBuf>,
}

impl ConsolidationReport {
    pub(super) fn new(ending: Ending) -> Self {
        Self {
            ending,
            memories: 0,
            pruned: 0,
            synced: Synced::default(),
            pruned_resources: Vec::new(),
            changes: Vec::new(),
            refused: Vec::new(),
            written: Vec::new(),
            oversized_summary: None,
            kept_for_next_run: Vec::new(),
        }
    }
}

/// A run that failed. The reason is stored, and the next run waits for a while.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConsolidationError {
    /// A step failed.
    #[error("cannot consolidate: {reason}")]
    Step {
        /// The step.
        step: Step,
        /// The reason, without secrets.
        reason: String,
        /// Time of the next try.
        retry_at: Timestamp,
    },
    /// The store of the lock failed, so that nothing was stored.
    #[error("cannot {action}")]
    Store {
        /// The engine's action: `claim the lock`, …
        action: &'static str,
        /// The store's error.
        #[source]
        source: BoxError,
    },
}

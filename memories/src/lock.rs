//! The global lock of phase 2, and what is stored of its runs.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::Term;

/// The right to consolidate. The token grows with every grant and fences off earlier holders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsolidationLease {
    /// The holder.
    pub owner: String,
    /// The fencing token.
    pub token: i64,
}

/// Request for the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsolidationRequest {
    /// The owner of the new lease.
    pub owner: String,
    /// The present, and the expiry of the lease.
    pub term: Term,
    /// Time after a success in which no other run begins, unless a memory was forgotten since.
    pub cooldown: Duration,
    /// True if neither cool-down nor retry time counts: a person asked.
    pub force: bool,
    /// Folder of the workspace, for programs that must find it later. `None` keeps the stored one.
    pub root: Option<PathBuf>,
}

/// The answer to a request for the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsolidationClaim {
    /// The caller has it.
    Granted(ConsolidationLease),
    /// No run may begin now.
    Refused(NotNow),
}

/// Reason why no consolidation may begin now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotNow {
    /// A living owner has the lock.
    Held {
        /// The owner.
        owner: String,
        /// Expiry of its lease, unless it is renewed.
        expires_at: Timestamp,
    },
    /// The last success is too recent.
    CoolingDown {
        /// End of the cool-down.
        until: Timestamp,
    },
    /// The last run failed, and the time of the next try has not come.
    Waiting {
        /// Time of the next try.
        until: Timestamp,
    },
}

/// Step of phase 2, as a reason of a failure names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Opening the root and its baseline.
    Baseline,
    /// Copying an older layout.
    Migrate,
    /// Selecting memories.
    Select,
    /// Writing and pruning files.
    Sync,
    /// Comparing the workspace with its baseline.
    Diff,
    /// The agent's work.
    Agent,
    /// Checking and taking over what the agent wrote.
    Publish,
    /// Making the new baseline.
    Commit,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 8] = [
        Self::Baseline,
        Self::Migrate,
        Self::Select,
        Self::Sync,
        Self::Diff,
        Self::Agent,
        Self::Publish,
        Self::Commit,
    ];

    /// Returns its word in JSON and in stores.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Migrate => "migrate",
            Self::Select => "select",
            Self::Sync => "sync",
            Self::Diff => "diff",
            Self::Agent => "agent",
            Self::Publish => "publish",
            Self::Commit => "commit",
        }
    }
}

/// Failure of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsolidationFailure {
    /// The step.
    pub step: Step,
    /// The reason, without secrets.
    pub reason: String,
    /// Time of the next try.
    pub retry_at: Timestamp,
}

/// A file that the agent keeps in the workspace, stored so that the workspace can be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// Path in the root, with `/`.
    pub path: String,
    /// Content.
    pub content: Vec<u8>,
}

/// Success of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConsolidationSuccess {
    /// The memories that the workspace now has: thread, and the update it was made of.
    pub selection: Vec<(Uuid, Timestamp)>,
    /// Threads that were forgotten before the run, which its agent removed.
    pub forgotten: Vec<Uuid>,
    /// Every file that agents have left, in the order of paths. `None` if no agent ran.
    pub files: Option<Vec<KeptFile>>,
}

/// State of phase 2.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConsolidationState {
    /// The holder of the lock, and the expiry of its lease. It may have expired.
    pub holder: Option<(String, Timestamp)>,
    /// Last success.
    pub last_success_at: Option<Timestamp>,
    /// Latest `updated_at` of the memories that the last success had.
    pub watermark: Option<Timestamp>,
    /// Step and reason of the last failure, if no success followed.
    pub failure: Option<(String, String)>,
    /// Time of the next try after a failure.
    pub retry_at: Option<Timestamp>,
    /// Threads whose words may still stand in consolidated files.
    pub forgotten: Vec<Uuid>,
    /// Folder of the workspace, as the last run that had the lock named it.
    pub root: Option<PathBuf>,
}

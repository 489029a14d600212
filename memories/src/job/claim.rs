//! Claiming jobs.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{JobLease, Term, ThreadFacts};

/// Hour, in seconds.
const HOUR: u64 = 3_600;

/// Rules that a thread must meet to be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Eligibility {
    /// Shortest time since the last update. Default: 12 hours.
    pub min_idle: Duration,
    /// Longest time since the last update. Default: 30 days.
    pub max_age: Duration,
    /// True if runs of `exec` count as interactive. Default: false.
    pub include_exec: bool,
    /// True if archived threads are eligible. Default: false.
    pub include_archived: bool,
    /// The thread that is open now, which is never eligible. Default: none.
    pub current_thread: Option<Uuid>,
    /// Most jobs that may run at a time, over all processes. Default: 64.
    pub max_running: u32,
    /// Most claims of one state of a thread: the first, and three retries. Default: 4.
    pub max_attempts: u32,
    /// Jobs that failed before this time have all their tries again, and wait no longer. Default:
    /// none.
    pub retry_before: Option<Timestamp>,
}

impl Default for Eligibility {
    fn default() -> Self {
        Self {
            min_idle: Duration::from_secs(12 * HOUR),
            max_age: Duration::from_secs(30 * 24 * HOUR),
            include_exec: false,
            include_archived: false,
            current_thread: None,
            max_running: 64,
            max_attempts: 4,
            retry_before: None,
        }
    }
}

/// Request for jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRequest {
    /// The owner of the new leases.
    pub owner: String,
    /// The present, and the expiry of the new leases.
    pub term: Term,
    /// Most jobs to claim.
    pub limit: u32,
    /// The rules.
    pub rules: Eligibility,
}

/// A claimed job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The lease.
    pub lease: JobLease,
    /// The thread, as it was when it was claimed.
    pub thread: ThreadFacts,
    /// Number of claims of this state of the thread, this one included. From 1.
    pub attempt: u32,
}

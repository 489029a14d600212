//! Leases of jobs.

use jiff::Timestamp;
use uuid::Uuid;

/// The present and the expiry of a lease that is granted or renewed now, both by the engine's
/// clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The present.
    pub now: Timestamp,
    /// Expiry of the lease unless it is renewed.
    pub expires_at: Timestamp,
}

/// The right to write the result of a job.
///
/// `token` is a fencing token: it grows with every claim of the thread, so that a worker which lost
/// its lease cannot write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobLease {
    /// The thread.
    pub thread_id: Uuid,
    /// The holder, for people and for a store that can prove an owner dead.
    pub owner: String,
    /// The fencing token.
    pub token: i64,
}

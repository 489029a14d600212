//! Reasons why a thread is not claimed.

use jiff::Timestamp;

use crate::ThreadFacts;

/// Reason why a thread is not claimed now. The first that holds, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SkipReason {
    /// The thread is not the user's own: a sub-agent, a review, or without words.
    Kind,
    /// The thread's source is not interactive.
    Source,
    /// The rollout is missing.
    Missing,
    /// The thread is archived.
    Archived,
    /// Its memory mode is off.
    MemoryOff,
    /// It is the thread that is open now.
    Current,
    /// Its last update is too long ago.
    TooOld,
    /// Its last update is too recent.
    TooRecent,
    /// It has not changed since its last successful extraction.
    UpToDate,
    /// Its job runs.
    Running,
    /// Its job failed, and the time of the next try has not come.
    Waiting,
    /// Its job failed too often. A new update makes it eligible again.
    NoRetriesLeft,
    /// It is eligible, but as many jobs run as may.
    LimitReached,
}

impl SkipReason {
    /// Every reason, in order.
    pub const ALL: [Self; 13] = [
        Self::Kind,
        Self::Source,
        Self::Missing,
        Self::Archived,
        Self::MemoryOff,
        Self::Current,
        Self::TooOld,
        Self::TooRecent,
        Self::UpToDate,
        Self::Running,
        Self::Waiting,
        Self::NoRetriesLeft,
        Self::LimitReached,
    ];

    /// Returns its word in JSON and in stores.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Source => "source",
            Self::Missing => "missing",
            Self::Archived => "archived",
            Self::MemoryOff => "memory_off",
            Self::Current => "current",
            Self::TooOld => "too_old",
            Self::TooRecent => "too_recent",
            Self::UpToDate => "up_to_date",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::NoRetriesLeft => "no_retries_left",
            Self::LimitReached => "limit_reached",
        }
    }
}

/// A thread, and the answer to a claim now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered {
    /// The thread.
    pub thread: ThreadFacts,
    /// Reason why it would be skipped; `None` if it would be claimed.
    pub skip: Option<SkipReason>,
    /// Time at which it can become eligible, where time alone decides.
    pub eligible_at: Option<Timestamp>,
    /// Stored reason why its last job failed, or gave no memory.
    pub reason: Option<String>,
}

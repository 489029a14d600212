//! Counts and results of jobs.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::skip::SkipReason;

/// Result of a job that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFailure {
    /// The reason, without secrets.
    pub reason: String,
    /// Time of the next try. `None` if another try would fail alike.
    pub retry_at: Option<Timestamp>,
    /// False if the thread keeps the try: the failure has nothing to do with it.
    pub uses_try: bool,
}

/// State of phase 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Jobs that run, with a lease that has not expired.
    pub running: u64,
    /// Jobs that gave a memory.
    pub succeeded: u64,
    /// Jobs that found nothing to remember.
    pub succeeded_no_output: u64,
    /// Jobs whose last try failed.
    pub failed: u64,
    /// Threads that would be claimed now.
    pub eligible: u64,
    /// Threads that would not be claimed, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Earliest time at which a thread that is only too recent or waiting becomes eligible.
    pub next_eligible_at: Option<Timestamp>,
    /// Time of the last job that gave a memory, or found nothing to remember.
    pub last_success_at: Option<Timestamp>,
    /// Reasons of failures that stand, the most frequent first, with their numbers.
    pub failures: Vec<(String, u64)>,
}

//! Options of the engine.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::{Clock, StopHandle, SystemClock};

/// Options of an engine.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BackfillOptions {
    /// Limit of items in one commit, at least 1. Default: 400.
    pub batch_items: usize,
    /// Limit of bytes read for one commit. A larger item makes a batch of its own, and at most four
    /// batches are in flight. Default: 32 MiB.
    pub batch_bytes: u64,
    /// Number of extracting threads, at least 1. Default: as many as the machine runs at once.
    pub workers: usize,
    /// Number of outcomes read at a time, at least 1. Default: 1,000.
    pub outcome_page: usize,
    /// Duration of the lease without renewal, at least 30 ms. A run renews it three times as often.
    /// Default: 30 s.
    pub lease_ttl: Duration,
    /// Longest wait for a lease that another owner has. Default: zero.
    pub patience: Duration,
    /// Owner of the lease, for people and for a store that can prove an owner dead. Default:
    /// process id and a counter.
    pub owner: String,
    /// Clock of leases and of the report. Default: [`SystemClock`].
    pub clock: Arc<dyn Clock>,
    /// Handle that stops the engine's runs. Default: one of its own.
    pub stop: StopHandle,
    /// True if runs read every item again from its start, changed or not. Default: false.
    pub force: bool,
    /// True if runs go through the keys from the last to the first, so that of keys that begin with
    /// a time the newest come first. Default: false.
    pub descending: bool,
}

impl Default for BackfillOptions {
    fn default() -> Self {
        static ENGINES: AtomicU64 = AtomicU64::new(1);
        let engine = ENGINES.fetch_add(1, Ordering::Relaxed);
        Self {
            batch_items: 400,
            batch_bytes: 32 * 1024 * 1024,
            workers: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            outcome_page: 1_000,
            lease_ttl: Duration::from_secs(30),
            patience: Duration::ZERO,
            owner: format!("process {} engine {engine}", std::process::id()),
            clock: Arc::new(SystemClock),
            stop: StopHandle::new(),
            force: false,
            descending: false,
        }
    }
}

//! Options of a consolidation.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::{Clock, ConsolidationRequest, Selection, SystemClock, Term};

const HOUR: u64 = 3_600;

/// Options of a consolidation.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConsolidationOptions {
    /// Owner of the lock, for people and for a store that can prove an owner dead.
    pub owner: String,
    /// True if neither cool-down nor retry time counts. Default: false.
    pub force: bool,
    /// Most memories that the workspace has. Default: 256.
    pub limit: u32,
    /// Time after which an unused memory goes, and an extension's resource. Default: 30 days.
    pub unused_window: Duration,
    /// Largest size of the consolidated summary, in bytes. A user may make it longer, and an agent
    /// may leave it so. Default: 10,000.
    pub max_summary_bytes: usize,
    /// Duration of the lock without renewal. Default: 1 h.
    pub lease_ttl: Duration,
    /// Time between two renewals. Default: 90 s.
    pub heartbeat: Duration,
    /// Time after a success in which no other run begins. Default: 6 h.
    pub cooldown: Duration,
    /// Time after a failure in which no other run begins. Default: 1 h.
    pub retry_after: Duration,
    /// Folder of an older layout, whose content is copied into an empty workspace. Default: none.
    pub legacy: Option<PathBuf>,
    /// Clock of the lock. Default: [`SystemClock`].
    pub clock: Arc<dyn Clock>,
}

impl ConsolidationOptions {
    /// Makes the default options for an owner of the lock.
    #[must_use]
    pub fn new(owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            force: false,
            limit: 256,
            unused_window: Duration::from_secs(30 * 24 * HOUR),
            max_summary_bytes: 10_000,
            lease_ttl: Duration::from_secs(HOUR),
            heartbeat: Duration::from_secs(90),
            cooldown: Duration::from_secs(6 * HOUR),
            retry_after: Duration::from_secs(HOUR),
            legacy: None,
            clock: Arc::new(SystemClock),
        }
    }

    pub(super) fn request(&self, root: &Path) -> ConsolidationRequest {
        let Self { owner, cooldown, force, .. } = self;
        let (owner, root) = (owner.clone(), Some(root.to_owned()));
        ConsolidationRequest { owner, term: self.term(), cooldown: *cooldown, force: *force, root }
    }

    pub(super) fn term(&self) -> Term {
        let now = self.clock.now();
        Term { now, expires_at: now.checked_add(self.lease_ttl).unwrap_or(Timestamp::MAX) }
    }

    pub(super) fn selection(&self) -> Selection {
        Selection::within(self.limit, self.unused_window, self.clock.now())
    }
}

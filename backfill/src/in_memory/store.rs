//! The in-memory index and progress in one value, so that a commit is atomic as in a database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::source::{Behaviour, ItemContent};
use super::{Faults, InMemoryProblem, InMemorySnapshot};
use crate::{
    Acquired, BackfillStatus, BatchOf, BoxError, CommitReport, Extraction, Finish, Index, Item, Lease,
    Progress, ProgressState, StoredOutcome, Term, WriteError,
};

/// In-memory index and progress. Clones, and results of [`with_faults`](Self::with_faults), are the
/// same store.
#[derive(Debug, Clone, Default)]
pub struct InMemoryStore {
    data: Arc<Mutex<Data>>,
    faults: Faults,
}

#[derive(Debug, Default)]
struct Data {
    rows: InMemorySnapshot,
    progress: ProgressState,
    token: i64,
    stats: StoreStats,
}

/// Record of the calls of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Number of transactions that wrote: commits, grants, heartbeats and finishes.
    pub writes: u64,
    /// Keys of each commit, in their order: extracted ones, then vanished ones.
    pub commits: Vec<Vec<String>>,
    /// Watermark after each commit.
    pub watermarks: Vec<Option<String>>,
    /// Keys whose earlier extraction was requested, and true if reading continues from it.
    pub previous: Vec<(String, bool)>,
    /// Keys whose extraction began, in no particular order.
    pub extracted: Vec<String>,
    /// Number of worker states made.
    pub workers: u64,
}

impl InMemoryStore {
    /// Returns the same store with other faults, as another process sees it.
    #[must_use]
    pub fn with_faults(&self, faults: Faults) -> Self {
        Self { data: Arc::clone(&self.data), faults }
    }

    /// Returns everything that passes have left.
    #[must_use]
    pub fn snapshot(&self) -> InMemorySnapshot {
        self.data().rows.clone()
    }

    /// Returns the record of calls.
    #[must_use]
    pub fn stats(&self) -> StoreStats {
        self.data().stats.clone()
    }

    /// Clears the record of calls.
    pub fn reset_stats(&self) {
        self.data().stats = StoreStats::default();
    }

    /// Removes the row of an item, as damage to the index does. Its outcome stays.
    pub fn lose_row(&self, key: &str) {
        self.data().rows.lose_row(key);
    }

    /// Returns the text in an item's row, if the item has one.
    #[must_use]
    pub fn text_of(&self, key: &str) -> Option<String> {
        self.data().rows.text_of(key)
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Index for InMemoryStore {
    type Handle = ItemContent;
    type Problem = InMemoryProblem;
    type Previous = String;
    type Extracted = ItemContent;
    type Worker = ();

    fn worker(&self) {
        self.data().stats.workers += 1;
    }

    async fn previous(&self, keys: &[&str], continues: bool) -> Result<HashMap<String, String>, BoxError> {
        self.faults.step().await?;
        let mut data = self.data();
        data.stats.previous.extend(keys.iter().map(|key| ((*key).to_owned(), continues)));
        let texts = keys.iter().filter_map(|key| Some(((*key).to_owned(), data.rows.text_of(key)?)));
        Ok(texts.collect())
    }

    fn extract(
        &self,
        (): &mut (),
        item: &Item<ItemContent>,
        _previous: Option<String>,
    ) -> Result<ItemContent, InMemoryProblem> {
        self.data().stats.extracted.push(item.key.clone());
        match item.handle.behaviour {
            Behaviour::Reads | Behaviour::Excluded => Ok(item.handle.clone()),
            Behaviour::Breaks => Err(InMemoryProblem::Broken),
            Behaviour::Flakes => Err(InMemoryProblem::Flaky),
            Behaviour::Panics => panic!("the extractor met {}", item.key),
        }
    }

    async fn commit(
        &self,
        lease: &Lease,
        batch: BatchOf<'_, Self>,
    ) -> Result<CommitReport<InMemoryProblem>, WriteError> {
        self.faults.step().await?;
        let report = self.data().apply(lease, batch)?;
        // From here on the batch is durable, even if the caller dies before it learns that.
        self.faults.step().await?;
        Ok(report)
    }
}

impl Data {
    /// Returns the stored lease if it is this one.
    fn held(&mut self, lease: &Lease) -> Result<&mut Lease, WriteError> {
        let current = self.progress.lease.as_mut();
        current.filter(|current| current.token == lease.token).ok_or(WriteError::LeaseLost)
    }

    fn apply(
        &mut self,
        lease: &Lease,
        batch: BatchOf<'_, InMemoryStore>,
    ) -> Result<CommitReport<InMemoryProblem>, WriteError> {
        self.held(lease)?.expires_at = batch.term.expires_at;
        let mut report = CommitReport::default();
        let mut keys = Vec::new();
        for Extraction { item, result } in batch.extractions {
            match result {
                Ok(content) => self.rows.upsert(&item.key, &item.fingerprint, &content, &mut report),
                Err(problem) => self.rows.fail(&item.key, &item.fingerprint, problem),
            }
            keys.push(item.key.clone());
        }
        for key in batch.vanished {
            self.rows.remove(key, &mut report);
            keys.push(key.clone());
        }
        self.progress.watermark = batch.watermark.map(str::to_owned);
        self.stats.writes += 1;
        self.stats.commits.push(keys);
        self.stats.watermarks.push(self.progress.watermark.clone());
        Ok(report)
    }
}

#[async_trait]
impl Progress for InMemoryStore {
    type Problem = InMemoryProblem;

    async fn state(&self) -> Result<ProgressState, BoxError> {
        self.faults.step().await?;
        Ok(self.data().progress.clone())
    }

    async fn acquire(&self, owner: &str, term: Term) -> Result<Acquired, BoxError> {
        self.faults.step().await?;
        let mut data = self.data();
        if let Some(held) = &data.progress.lease
            && held.expires_at > term.now
        {
            return Ok(Acquired::Held { owner: held.owner.clone(), expires_at: held.expires_at });
        }
        data.token += 1;
        let lease = Lease { owner: owner.to_owned(), token: data.token, expires_at: term.expires_at };
        data.progress.lease = Some(lease.clone());
        data.progress.status = BackfillStatus::Running;
        data.stats.writes += 1;
        Ok(Acquired::Granted { lease, watermark: data.progress.watermark.clone() })
    }

    async fn heartbeat(&self, lease: &Lease, term: Term) -> Result<(), WriteError> {
        self.faults.step().await?;
        let mut data = self.data();
        data.held(lease)?.expires_at = term.expires_at;
        data.stats.writes += 1;
        Ok(())
    }

    async fn finish(&self, lease: &Lease, finish: Finish, now: Timestamp) -> Result<(), WriteError> {
        self.faults.step().await?;
        let mut data = self.data();
        data.held(lease)?;
        data.stats.writes += 1;
        data.progress.lease = None;
        data.progress.status = BackfillStatus::Pending;
        if finish == Finish::Complete {
            let (status, last_success_at) = (BackfillStatus::Complete, Some(now));
            data.progress = ProgressState { status, last_success_at, ..ProgressState::default() };
        }
        Ok(())
    }

    async fn outcomes(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredOutcome<InMemoryProblem>>, BoxError> {
        self.faults.step().await?;
        Ok(self.data().rows.outcomes(after, limit))
    }
}

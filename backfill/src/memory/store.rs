//! Index and progress in one value, so that a commit is atomic as it is in a database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::rows::Rows;
use super::source::{Behaviour, Content};
use super::{Faults, MemorySnapshot};
use crate::{
    Acquired, Batch, BoxError, CommitError, CommitReport, Finish, Index, Item, ItemFailure, Lease,
    LeaseError, Progress, ProgressState, Status, StoredOutcome, Term,
};

/// An index and its progress in memory. Clones, and what [`with_faults`](Self::with_faults) makes, are the same store.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    data: Arc<Mutex<Data>>,
    faults: Faults,
}

#[derive(Debug, Default)]
struct Data {
    rows: Rows,
    status: Option<Status>,
    watermark: Option<String>,
    last_success_at: Option<Timestamp>,
    lease: Option<Lease>,
    token: i64,
    stats: MemoryStats,
}

/// What a store was made to do since it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryStats {
    /// Transactions that wrote: commits, grants, heartbeats and finishes.
    pub writes: u64,
    /// The keys of each commit, in the order they came: extracted and failed ones, then vanished ones.
    pub commits: Vec<Vec<String>>,
    /// The watermark after each commit.
    pub watermarks: Vec<Option<String>>,
    /// Keys whose saved state was asked for.
    pub previous: Vec<String>,
    /// Keys whose extraction was begun, in no particular order.
    pub extracted: Vec<String>,
    /// Items whose extraction has begun and whose commit has not ended.
    pub in_flight: u64,
    /// The most items that were in flight at once.
    pub most_in_flight: u64,
    /// Bytes of the items in flight.
    pub bytes_in_flight: u64,
    /// The most bytes that were in flight at once.
    pub most_bytes_in_flight: u64,
    /// How many worker states were made.
    pub workers: u64,
}

/// What an extracting thread keeps: a count of what it has read.
#[derive(Debug, Default)]
pub struct MemoryWorker {
    /// How many items it has read.
    pub read: u64,
}

impl MemoryStore {
    /// Makes an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same store, seen through other faults: by another process, as it were.
    #[must_use]
    pub fn with_faults(&self, faults: Faults) -> Self {
        Self { data: Arc::clone(&self.data), faults }
    }

    /// Everything that passes have left behind.
    #[must_use]
    pub fn snapshot(&self) -> MemorySnapshot {
        self.data().rows.snapshot()
    }

    /// What the store was made to do.
    #[must_use]
    pub fn stats(&self) -> MemoryStats {
        self.data().stats.clone()
    }

    /// Forgets what the store was made to do.
    pub fn reset_stats(&self) {
        self.data().stats = MemoryStats::default();
    }

    /// Loses the row of an item, as a damaged index would. Its outcome stays.
    pub fn lose_row(&self, key: &str) {
        self.data().rows.lose_row(key);
    }

    /// What the row of an item says, if the item has one.
    #[must_use]
    pub fn text_of(&self, key: &str) -> Option<String> {
        self.data().rows.text_of(key)
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Data {
    /// The lease as it is stored, if it is this one.
    fn held(&mut self, lease: &Lease) -> Result<&mut Lease, LeaseError> {
        let current = self.lease.as_mut();
        current.filter(|current| current.token == lease.token).ok_or(LeaseError::Lost)
    }
}

#[async_trait]
impl Index for MemoryStore {
    type Handle = Content;
    type Previous = String;
    type Extracted = Content;
    type Worker = MemoryWorker;

    fn worker(&self) -> MemoryWorker {
        self.data().stats.workers += 1;
        MemoryWorker::default()
    }

    async fn previous(&self, keys: &[&str]) -> Result<HashMap<String, String>, BoxError> {
        self.faults.step().await?;
        let mut data = self.data();
        data.stats.previous.extend(keys.iter().map(|key| (*key).to_owned()));
        let texts = keys.iter().filter_map(|key| Some(((*key).to_owned(), data.rows.text_of(key)?)));
        Ok(texts.collect())
    }

    fn extract(
        &self,
        worker: &mut MemoryWorker,
        item: &Item<Content>,
        _previous: Option<String>,
    ) -> Result<Content, ItemFailure> {
        worker.read += 1;
        {
            let stats = &mut self.data().stats;
            stats.extracted.push(item.key.clone());
            stats.in_flight += 1;
            stats.most_in_flight = stats.most_in_flight.max(stats.in_flight);
            stats.bytes_in_flight += item.bytes;
            stats.most_bytes_in_flight = stats.most_bytes_in_flight.max(stats.bytes_in_flight);
        }
        match item.handle.behaviour {
            Behaviour::Reads | Behaviour::Excluded => Ok(item.handle.clone()),
            Behaviour::Breaks => Err(ItemFailure::permanent("broken")),
            Behaviour::Flakes => Err(ItemFailure::transient("unreadable just now")),
            Behaviour::Panics => panic!("the extractor met {}", item.key),
        }
    }

    async fn commit(
        &self,
        lease: &Lease,
        batch: Batch<'_, Content, Content>,
    ) -> Result<CommitReport, CommitError> {
        self.faults.step().await.map_err(CommitError::Backend)?;
        let report = self.data().apply(lease, batch)?;
        // From here on the batch is durable, whether or not the caller lives to hear of it.
        self.faults.step().await.map_err(CommitError::Backend)?;
        Ok(report)
    }
}

impl Data {
    fn apply(
        &mut self,
        lease: &Lease,
        batch: Batch<'_, Content, Content>,
    ) -> Result<CommitReport, CommitError> {
        self.held(lease)?.expires_at = batch.term.expires_at;
        let mut report = CommitReport::default();
        let mut keys = Vec::new();
        for read in batch.extracted {
            self.rows.upsert(&read.item.key, &read.item.fingerprint, &read.value, &mut report);
            self.stats.land(read.item, &mut keys);
        }
        for failed in batch.failed {
            self.rows.fail(&failed.item.key, &failed.item.fingerprint, failed.failure);
            self.stats.land(failed.item, &mut keys);
        }
        for key in batch.vanished {
            self.rows.remove(key, &mut report);
            keys.push(key.clone());
        }
        self.watermark = batch.watermark.map(str::to_owned);
        self.stats.writes += 1;
        self.stats.commits.push(keys);
        self.stats.watermarks.push(self.watermark.clone());
        Ok(report)
    }
}

impl MemoryStats {
    fn land(&mut self, item: &Item<Content>, keys: &mut Vec<String>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.bytes_in_flight = self.bytes_in_flight.saturating_sub(item.bytes);
        keys.push(item.key.clone());
    }
}

#[async_trait]
impl Progress for MemoryStore {
    async fn state(&self) -> Result<ProgressState, BoxError> {
        self.faults.step().await?;
        let data = self.data();
        Ok(ProgressState {
            status: data.status.unwrap_or(Status::Pending),
            watermark: data.watermark.clone(),
            last_success_at: data.last_success_at,
            lease: data.lease.clone(),
        })
    }

    async fn acquire(&self, owner: &str, term: Term) -> Result<Acquired, BoxError> {
        self.faults.step().await?;
        let mut data = self.data();
        if let Some(held) = &data.lease
            && held.expires_at > term.now
        {
            return Ok(Acquired::Held { owner: held.owner.clone(), expires_at: held.expires_at });
        }
        data.token += 1;
        let lease = Lease { owner: owner.to_owned(), token: data.token, expires_at: term.expires_at };
        data.lease = Some(lease.clone());
        data.status = Some(Status::Running);
        data.stats.writes += 1;
        Ok(Acquired::Granted { lease, watermark: data.watermark.clone() })
    }

    async fn heartbeat(&self, lease: &Lease, term: Term) -> Result<(), LeaseError> {
        self.faults.step().await.map_err(LeaseError::Backend)?;
        let mut data = self.data();
        data.held(lease)?.expires_at = term.expires_at;
        data.stats.writes += 1;
        Ok(())
    }

    async fn finish(&self, lease: &Lease, finish: Finish, now: Timestamp) -> Result<(), LeaseError> {
        self.faults.step().await.map_err(LeaseError::Backend)?;
        let mut data = self.data();
        data.held(lease)?;
        data.lease = None;
        data.status = Some(if finish == Finish::Complete { Status::Complete } else { Status::Pending });
        data.stats.writes += 1;
        if finish == Finish::Complete {
            data.watermark = None;
            data.last_success_at = Some(now);
        }
        Ok(())
    }

    async fn outcomes(&self, after: Option<&str>, limit: usize) -> Result<Vec<StoredOutcome>, BoxError> {
        self.faults.step().await?;
        Ok(self.data().rows.outcomes(after, limit))
    }
}

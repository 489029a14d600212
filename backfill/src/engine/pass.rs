//! One pass under the lease: list, compare, read in batches. The module `commits` has its commits.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::Backfill;
use super::compare::{Comparison, Plan, Selected};
use super::extract::{BatchRead, BatchReader};
use super::ledger::{Ledger, sorted};
use super::outcomes::{MOST_PAGES, Outcomes};
use crate::{BackfillError, Ending, Index, Item, Lease, Listing, Phase, Progress, ProgressUpdate, Source};

/// Batches that are read while one is committed.
const MOST_READING: usize = 3;

/// A pass under way.
pub(super) struct Pass<'a, S: Source, I, P> {
    pub(super) engine: &'a Backfill<S, I, P>,
    pub(super) lease: &'a Lease,
    pub(super) ledger: &'a mut Ledger<S::Problem>,
    on_progress: &'a (dyn Fn(&ProgressUpdate) + Send + Sync),
    pub(super) update: ProgressUpdate,
    pub(super) watermark: Option<String>,
    /// Items that commits asked to read again, by place.
    pub(super) requeued: BTreeSet<usize>,
    /// Number of times that was done, by place.
    pub(super) requeues: BTreeMap<usize, u8>,
}

/// Reason why a pass ends early: an error, or `None` if the caller stopped the run.
pub(super) type Halt = Option<BackfillError>;

impl<'a, S, I, P> Pass<'a, S, I, P>
where
    S: Source,
    I: Index<Handle = S::Handle, Problem = S::Problem>,
    P: Progress<Problem = S::Problem>,
{
    /// Prepares a pass that continues after the watermark of an unfinished one.
    pub(super) fn new(
        engine: &'a Backfill<S, I, P>,
        lease: &'a Lease,
        watermark: Option<String>,
        ledger: &'a mut Ledger<S::Problem>,
        on_progress: &'a (dyn Fn(&ProgressUpdate) + Send + Sync),
    ) -> Self {
        Self {
            engine,
            lease,
            ledger,
            on_progress,
            update: ProgressUpdate::start_of(Phase::Listing),
            watermark,
            requeued: BTreeSet::new(),
            requeues: BTreeMap::new(),
        }
    }

    /// Makes the pass.
    pub(super) async fn run(mut self) -> Result<Ending, BackfillError> {
        match self.all_phases().await {
            Ok(()) => Ok(Ending::Complete),
            Err(None) => Ok(Ending::Interrupted),
            Err(Some(error)) => Err(error),
        }
    }

    async fn all_phases(&mut self) -> Result<(), Halt> {
        self.enter(Phase::Listing, 0, 0);
        let mut outcomes = Outcomes::new(&*self.engine.progress, self.engine.options.outcome_page);
        // The store reads the first outcomes while the source lists.
        let (listing, read) = tokio::select! {
            biased;
            () = self.engine.options.stop.stopped() => return Err(None),
            both = async { tokio::join!(self.engine.source.list(), outcomes.prepare(MOST_PAGES)) } => both,
        };
        let Listing { items, problems, unknown_prefixes } = listing.map_err(BackfillError::from)?;
        let items = Arc::new(sorted(items, problems, self.ledger));
        read?;
        let mut plan = self.compare(&items, &unknown_prefixes, outcomes).await?;

        let vanished = plan.vanished.len() as u64;
        let bytes = plan.selected.iter().map(|selected| items[selected.place].bytes).sum();
        self.enter(Phase::Indexing, plan.selected.len() as u64 + vanished, bytes);
        self.put_in_order(&items, &mut plan.selected);
        let workers = self.engine.options.workers;
        let reader = BatchReader::new(Arc::clone(&self.engine.index), Arc::clone(&items), workers);
        self.index(&items, &reader, &plan.selected).await?;
        self.remove(&items, &plan.vanished).await?;
        while !self.requeued.is_empty() {
            let again = self.take_requeued(&items);
            self.index(&items, &reader, &again).await?;
        }
        Ok(())
    }

    async fn compare(
        &mut self,
        items: &[Item<S::Handle>],
        unknown_prefixes: &[String],
        mut outcomes: Outcomes<'_, P>,
    ) -> Result<Plan, Halt> {
        self.enter(Phase::Comparing, items.len() as u64, 0);
        let mut comparison = Comparison::new(items, unknown_prefixes, self.engine.options.force);
        while let Some(page) = outcomes.take().await? {
            self.go_on()?;
            // The store reads the next page while this one is compared.
            let compare = async { comparison.take_page(page, self.ledger) };
            let (next, ()) = tokio::join!(outcomes.prepare(1), compare);
            next?;
            self.advance(comparison.done as u64 - self.update.done_items, 0);
        }
        let plan = comparison.finish();
        self.advance(items.len() as u64 - self.update.done_items, 0);
        Ok(plan)
    }

    /// Puts selected items into the order of the pass, beginning with items that an unfinished pass
    /// never reached.
    ///
    /// Runs that are killed again and again thus reach everything, although items before the
    /// watermark keep changing.
    fn put_in_order(&self, items: &[Item<S::Handle>], selected: &mut [Selected]) {
        let descending = self.engine.options.descending;
        if descending {
            selected.reverse();
        }
        if let Some(watermark) = &self.watermark {
            let is_done = |key: &String| if descending { key >= watermark } else { key <= watermark };
            let done = selected.partition_point(|selected| is_done(&items[selected.place].key));
            selected.rotate_left(done);
        }
    }

    /// Reads and commits items in batches. While one is committed the next ones are read, so that a
    /// commit that waits for the disk stops no reading.
    async fn index(
        &mut self,
        items: &[Item<S::Handle>],
        reader: &Arc<BatchReader<I>>,
        selected: &[Selected],
    ) -> Result<(), Halt> {
        let engine = self.engine;
        let (mut rest, mut reading) = (selected, VecDeque::new());
        loop {
            while reading.len() <= MOST_READING
                && let Some(batch) = self.start_batch(items, reader, &mut rest).await?
            {
                reading.push_back(batch);
            }
            let Some(batch) = reading.pop_front() else { return Ok(()) };
            let read = tokio::select! {
                biased;
                () = engine.options.stop.stopped() => return Err(None),
                read = batch.finish() => read?,
            };
            self.commit_read(items, read).await?;
        }
    }

    /// Takes one batch off `rest` and starts to read it.
    async fn start_batch(
        &self,
        items: &[Item<S::Handle>],
        reader: &Arc<BatchReader<I>>,
        rest: &mut &[Selected],
    ) -> Result<Option<BatchRead<I>>, BackfillError> {
        let mut bytes = 0_u64;
        let mut length = 0;
        for selected in rest.iter().take(self.engine.options.batch_items) {
            bytes = bytes.saturating_add(items[selected.place].bytes);
            if length > 0 && bytes > self.engine.options.batch_bytes {
                break;
            }
            length += 1;
        }
        let (batch, later) = rest.split_at(length);
        *rest = later;
        if batch.is_empty() {
            return Ok(None);
        }
        let mut previous = HashMap::new();
        for continues in [true, false] {
            let known = batch.iter().filter(|selected| selected.is_known && selected.continues == continues);
            let keys: Vec<&str> = known.map(|selected| items[selected.place].key.as_str()).collect();
            if !keys.is_empty() {
                let loaded = self.engine.index.previous(&keys, continues).await;
                previous.extend(loaded.map_err(BackfillError::store("read saved state"))?);
            }
        }
        let to_read =
            batch.iter().map(|selected| (selected.place, previous.remove(&items[selected.place].key)));
        Ok(Some(reader.start(to_read.collect())))
    }

    /// Fails if the run was stopped.
    pub(super) fn go_on(&self) -> Result<(), Halt> {
        if self.engine.options.stop.is_stopped() { Err(None) } else { Ok(()) }
    }

    /// Reports that a phase begins.
    fn enter(&mut self, phase: Phase, total_items: u64, total_bytes: u64) {
        self.update = ProgressUpdate { total_items, total_bytes, ..ProgressUpdate::start_of(phase) };
        (self.on_progress)(&self.update);
    }

    /// Reports that so much more of the phase is done.
    pub(super) fn advance(&mut self, items: u64, bytes: u64) {
        self.update.done_items += items;
        self.update.done_bytes = self.update.done_bytes.saturating_add(bytes);
        (self.on_progress)(&self.update);
    }
}

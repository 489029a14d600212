//! One pass under the lease: list, compare, read in batches; what it commits is in the module beside this one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Backfill;
use super::compare::{Comparison, Plan, Selected};
use super::extract::{Extraction, Extractor};
use super::ledger::{Fate, Ledger};
use crate::{
    BackfillError, Index, Item, Lease, Listing, ListingProblem, Phase, ProblemKind, Progress, ProgressUpdate,
    RunOutcome, Source,
};

/// A pass under way.
pub(super) struct Pass<'a, S, I, P> {
    pub(super) engine: &'a Backfill<S, I, P>,
    pub(super) lease: &'a Lease,
    pub(super) ledger: &'a mut Ledger,
    on_progress: &'a (dyn Fn(&ProgressUpdate) + Send + Sync),
    pub(super) update: ProgressUpdate,
    pub(super) watermark: Option<String>,
    /// What commits have asked to be read again, by place.
    pub(super) requeued: BTreeSet<usize>,
    /// How often that was done, by place.
    pub(super) requeues: BTreeMap<usize, u8>,
}

/// Whether to go on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    GoOn,
    Stop,
}

impl<'a, S, I, P> Pass<'a, S, I, P>
where
    S: Source,
    I: Index<Handle = S::Handle>,
    P: Progress,
{
    /// Prepares a pass.
    pub(super) fn new(
        engine: &'a Backfill<S, I, P>,
        lease: &'a Lease,
        ledger: &'a mut Ledger,
        on_progress: &'a (dyn Fn(&ProgressUpdate) + Send + Sync),
    ) -> Self {
        Self {
            engine,
            lease,
            ledger,
            on_progress,
            update: ProgressUpdate::start_of(Phase::Listing),
            watermark: None,
            requeued: BTreeSet::new(),
            requeues: BTreeMap::new(),
        }
    }

    /// Makes the pass, from where an unfinished one came to.
    pub(super) async fn run(mut self, watermark: Option<String>) -> Result<RunOutcome, BackfillError> {
        self.watermark = watermark;
        Ok(match self.go().await? {
            Flow::GoOn => RunOutcome::Complete,
            Flow::Stop => RunOutcome::Interrupted,
        })
    }

    async fn go(&mut self) -> Result<Flow, BackfillError> {
        self.enter(Phase::Listing, 0, 0);
        let listing = tokio::select! {
            biased;
            () = self.engine.stop.stopped() => return Ok(Flow::Stop),
            listing = self.engine.source.list() => listing?,
        };
        let Listing { items, problems, unknown_prefixes, excluded } = listing;
        self.ledger.left_out = excluded;
        let items = Arc::new(self.settle_listing(items, &problems));
        let Some(mut plan) = self.compare(&items, &unknown_prefixes).await? else { return Ok(Flow::Stop) };

        let vanished = plan.vanished.len() as u64;
        let bytes = plan.selected.iter().map(|selected| items[selected.place].bytes).sum();
        self.enter(Phase::Indexing, plan.selected.len() as u64 + vanished, bytes);
        self.begin_after_watermark(&items, &mut plan);
        let extractor =
            Extractor::new(Arc::clone(&self.engine.index), Arc::clone(&items), self.engine.limits.workers);
        if self.index(&items, &extractor, &plan.selected).await? == Flow::Stop
            || self.remove(&items, &plan.vanished).await? == Flow::Stop
        {
            return Ok(Flow::Stop);
        }
        while !self.requeued.is_empty() {
            let again = self.take_requeued(&items);
            if self.index(&items, &extractor, &again).await? == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::GoOn)
    }

    /// Sorts the items, drops repetitions, and writes the listing's problems down.
    fn settle_listing(
        &mut self,
        mut items: Vec<Item<S::Handle>>,
        problems: &[ListingProblem],
    ) -> Vec<Item<S::Handle>> {
        for problem in problems {
            self.ledger.problem(ProblemKind::Listing, &problem.place, &problem.reason);
        }
        items.sort_by(|a, b| a.key.cmp(&b.key));
        items.dedup_by(|later, first| {
            let repeated = later.key == first.key;
            if repeated {
                self.ledger.problem(ProblemKind::Listing, &later.key, "listed twice; the first one counts");
            }
            repeated
        });
        self.ledger.fates = vec![Fate::Pending; items.len()];
        items
    }

    async fn compare(
        &mut self,
        items: &[Item<S::Handle>],
        unknown_prefixes: &[String],
    ) -> Result<Option<Plan>, BackfillError> {
        self.enter(Phase::Comparing, items.len() as u64, 0);
        let engine = self.engine;
        let mut comparison = Comparison::new(items, unknown_prefixes, engine.force);
        loop {
            if engine.stop.is_stopped() {
                return Ok(None);
            }
            let more = comparison
                .next_page(engine.progress.as_ref(), engine.limits.outcome_page, self.ledger)
                .await?;
            self.advance(comparison.done as u64 - self.update.done_items, 0);
            if !more {
                return Ok(Some(comparison.into_plan()));
            }
        }
    }

    /// After an unfinished pass, what it never came to is done first, so that runs which are killed again and again reach
    /// everything although items before the watermark keep changing.
    fn begin_after_watermark(&mut self, items: &[Item<S::Handle>], plan: &mut Plan) {
        if let Some(watermark) = &self.watermark {
            let done = plan.selected.partition_point(|selected| items[selected.place].key <= *watermark);
            plan.selected.rotate_left(done);
        }
    }

    /// Reads and commits items in batches. While one is committed the next is read: two are in memory, not more.
    async fn index(
        &mut self,
        items: &[Item<S::Handle>],
        extractor: &Extractor<I>,
        selected: &[Selected],
    ) -> Result<Flow, BackfillError> {
        let engine = self.engine;
        let mut rest = selected;
        let mut next = self.start_batch(items, extractor, &mut rest).await?;
        while let Some(extraction) = next {
            let read = tokio::select! {
                biased;
                () = engine.stop.stopped() => return Ok(Flow::Stop),
                read = extraction.finish() => read?,
            };
            next = self.start_batch(items, extractor, &mut rest).await?;
            self.commit_read(items, read).await?;
        }
        Ok(Flow::GoOn)
    }

    /// Takes one batch off `rest` and starts to read it.
    async fn start_batch(
        &self,
        items: &[Item<S::Handle>],
        extractor: &Extractor<I>,
        rest: &mut &[Selected],
    ) -> Result<Option<Extraction<I>>, BackfillError> {
        let limits = &self.engine.limits;
        let mut bytes = 0_u64;
        let mut length = 0;
        for selected in rest.iter().take(limits.batch_items) {
            bytes = bytes.saturating_add(items[selected.place].bytes);
            if length > 0 && bytes > limits.batch_bytes {
                break;
            }
            length += 1;
        }
        let (batch, later) = rest.split_at(length);
        *rest = later;
        if batch.is_empty() {
            return Ok(None);
        }
        let continuing = batch.iter().filter(|selected| selected.continues);
        let keys: Vec<&str> = continuing.map(|selected| items[selected.place].key.as_str()).collect();
        let mut previous = match keys.is_empty() {
            true => Default::default(),
            false => self
                .engine
                .index
                .previous(&keys)
                .await
                .map_err(BackfillError::store("reading saved state"))?,
        };
        let to_read =
            batch.iter().map(|selected| (selected.place, previous.remove(&items[selected.place].key)));
        Ok(Some(extractor.start(to_read.collect())))
    }

    /// Tells that a phase begins.
    fn enter(&mut self, phase: Phase, total_items: u64, total_bytes: u64) {
        self.update = ProgressUpdate { total_items, total_bytes, ..ProgressUpdate::start_of(phase) };
        (self.on_progress)(&self.update);
    }

    /// Tells that so much more of the phase is done.
    pub(super) fn advance(&mut self, items: u64, bytes: u64) {
        self.update.done_items += items;
        self.update.done_bytes = self.update.done_bytes.saturating_add(bytes);
        (self.on_progress)(&self.update);
    }
}

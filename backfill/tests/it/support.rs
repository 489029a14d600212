//! Shared code of the tests: a world of in-memory ports with a clock, seen by one process after
//! another.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use threadkeep_backfill::in_memory::{
    Faults, InMemoryProblem, InMemorySnapshot, InMemorySource, InMemoryStore, ItemContent, ManualClock,
};
use threadkeep_backfill::{
    Backfill, BackfillError, BatchOf, Clock, CommitReport, Ending, Index, Item, Lease, Term, WriteError,
};

pub(crate) type Report = threadkeep_backfill::Report<InMemoryProblem>;

pub(crate) type Engine = Backfill<InMemorySource, InMemoryStore, InMemoryStore>;

/// Duration of a lease here.
pub(crate) const TTL: Duration = Duration::from_secs(30);

/// A source, a store and a clock, which outlive every process that works on them.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) source: InMemorySource,
    pub(crate) store: InMemoryStore,
    pub(crate) clock: ManualClock,
}

impl World {
    /// A world whose source has so many items.
    pub(crate) fn with_items(count: usize) -> Self {
        let world = Self::default();
        for number in 0..count {
            world.source.put(key(number), ItemContent::text(format!("text {number}")));
        }
        world
    }

    /// An engine of a process of its own, in which nothing goes wrong.
    pub(crate) fn engine(&self) -> Engine {
        self.engine_with(&Faults::default())
    }

    /// An engine of a process of its own.
    pub(crate) fn engine_with(&self, faults: &Faults) -> Engine {
        let source = Arc::new(self.source.with_faults(faults.clone()));
        let store = Arc::new(self.store.with_faults(faults.clone()));
        Backfill::new(source, Arc::clone(&store), store)
            .with(|it| (it.clock, it.lease_ttl, it.workers) = (Arc::new(self.clock.clone()), TTL, 2))
    }

    /// A term of a lease that begins now.
    pub(crate) fn term(&self) -> Term {
        let now = self.clock.now();
        Term { now, expires_at: now + TTL }
    }

    /// Makes a pass that must go through.
    pub(crate) async fn pass(&self) -> Report {
        complete(self.engine().run(|_| {}).await)
    }

    /// Returns the result of a pass from scratch over the same source.
    pub(crate) async fn snapshot_from_scratch(&self) -> InMemorySnapshot {
        let fresh = Self { source: self.source.clone(), ..Self::default() };
        fresh.pass().await;
        fresh.store.snapshot()
    }
}

/// A report of a complete pass.
pub(crate) fn complete(result: Result<Report, BackfillError>) -> Report {
    let report = result.expect("the pass must end well");
    assert_eq!(report.ending, Ending::Complete);
    let sum = report.indexed + report.unchanged + report.duplicates + report.excluded;
    assert_eq!(report.scanned, sum + report.failed + report.known_failures, "{report:?}");
    assert_eq!(report.pending, 0);
    report
}

/// Runs an engine until it ends or its process is killed (`None`).
pub(crate) async fn run_until_killed(
    engine: &Engine,
    faults: &Faults,
) -> Option<Result<Report, BackfillError>> {
    tokio::select! {
        biased;
        () = faults.killed() => None,
        ended = engine.run(|_| {}) => Some(ended),
    }
}

/// The key of an item.
pub(crate) fn key(number: usize) -> String {
    format!("item {number:05}")
}

/// Hook before each commit. Its argument is the number of items that the batch read.
type BeforeCommit = dyn Fn(usize) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// The index of a store, with things that happen on the way.
pub(crate) struct Hooked {
    pub(crate) store: InMemoryStore,
    pub(crate) before_commit: Box<BeforeCommit>,
    /// Happens before an item is extracted, on the extracting thread.
    pub(crate) before_extract: Box<dyn Fn(&str) + Send + Sync>,
    /// Keys that each commit asks to read again, the last commit first.
    pub(crate) requeue: Mutex<Vec<Vec<String>>>,
}

impl Hooked {
    /// An index in which nothing happens yet.
    pub(crate) fn new(world: &World) -> Self {
        Self {
            store: world.store.clone(),
            before_commit: Box::new(|_| Box::pin(std::future::ready(()))),
            before_extract: Box::new(|_| ()),
            requeue: Mutex::default(),
        }
    }

    /// An engine over this index.
    pub(crate) fn engine(self, world: &World) -> Backfill<InMemorySource, Self, InMemoryStore> {
        let progress = Arc::new(world.store.clone());
        let engine = Backfill::new(Arc::new(world.source.clone()), Arc::new(self), progress);
        engine.with(|it| (it.clock, it.lease_ttl, it.workers) = (Arc::new(world.clock.clone()), TTL, 2))
    }
}

#[async_trait]
impl Index for Hooked {
    type Handle = ItemContent;
    type Problem = InMemoryProblem;
    type Previous = String;
    type Extracted = ItemContent;
    type Worker = ();

    fn worker(&self) {
        self.store.worker();
    }

    fn extract(
        &self,
        (): &mut (),
        item: &Item<ItemContent>,
        previous: Option<String>,
    ) -> Result<ItemContent, InMemoryProblem> {
        (self.before_extract)(&item.key);
        self.store.extract(&mut (), item, previous)
    }

    async fn commit(
        &self,
        lease: &Lease,
        batch: BatchOf<'_, Self>,
    ) -> Result<CommitReport<InMemoryProblem>, WriteError> {
        (self.before_commit)(batch.extractions.len()).await;
        let mut report = self.store.commit(lease, batch).await?;
        report.requeue.extend(self.requeue.lock().expect("no test panics with it").pop().unwrap_or_default());
        Ok(report)
    }
}

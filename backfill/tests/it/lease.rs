//! Two engines on one store: one runs; the other reports that, waits, or takes over. An engine
//! without its lease commits nothing.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use threadkeep_backfill::in_memory::{Fault, Faults, InMemoryProblem, InMemoryStore};
use threadkeep_backfill::{
    Acquired, Backfill, BackfillError, BoxError, Clock, Ending, Finish, Lease, Progress, ProgressState,
    StopHandle, StoredOutcome, Term, WriteError,
};

use crate::support::{Hooked, TTL, World, complete, run_until_killed};

#[tokio::test(start_paused = true)]
async fn the_second_of_two_engines_is_told_who_runs() {
    let world = World::with_items(3);
    let faults = Faults::at(2, Fault::Kill);
    let first = world.engine_with(&faults).with(|it| it.owner = "the first".into());
    assert!(run_until_killed(&first, &faults).await.is_none());
    let report = world.engine().run(|_| {}).await.unwrap();
    let expires_at = world.clock.now() + TTL;
    assert_eq!(report.ending, Ending::Held { owner: "the first".into(), expires_at });
    assert_eq!((report.scanned, world.store.snapshot().outcomes.len()), (0, 0), "and does nothing");
    world.clock.advance(TTL);
    assert_eq!(world.pass().await.indexed, 3, "a dead owner is taken over");
}

#[tokio::test(start_paused = true)]
async fn engines_that_run_at_once_make_one_index() {
    let world = World::with_items(50);
    let patience = Duration::from_secs(60);
    let engines: Vec<_> =
        (0..4).map(|_| world.engine().with(|it| (it.batch_items, it.patience) = (3, patience))).collect();
    let (a, b, c, d) = tokio::join!(
        engines[0].run(|_| {}),
        engines[1].run(|_| {}),
        engines[2].run(|_| {}),
        engines[3].run(|_| {}),
    );
    let indexed: Vec<u64> = [a, b, c, d].map(|report| complete(report).indexed).into();
    assert_eq!(indexed.iter().sum::<u64>(), 50, "each item is read once: {indexed:?}");
    assert_eq!(world.store.snapshot(), world.snapshot_from_scratch().await);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_patience() {
    let world = World::with_items(3);
    world.store.acquire("somebody", world.term()).await.unwrap();
    let began = tokio::time::Instant::now();
    let report = world.engine().with(|it| it.patience = Duration::from_secs(7)).run(|_| {}).await.unwrap();
    assert!(matches!(report.ending, Ending::Held { .. }));
    assert_eq!(began.elapsed().as_secs(), 7);
    let report = world.engine().run(|_| {}).await.unwrap();
    assert!(matches!(report.ending, Ending::Held { .. }), "no patience at all");
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_when_the_lease_is_given_back() {
    let world = World::with_items(3);
    let Acquired::Granted { lease, .. } = world.store.acquire("somebody", world.term()).await.unwrap() else {
        panic!("the lease is free");
    };
    let engine = world.engine().with(|it| it.patience = Duration::from_secs(3_600));
    let (report, ()) = tokio::join!(engine.run(|_| {}), async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        world.store.finish(&lease, Finish::Interrupted, world.clock.now()).await.unwrap();
    });
    assert_eq!(complete(report).indexed, 3);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_when_it_is_asked_to() {
    let world = World::with_items(3);
    world.store.acquire("somebody", world.term()).await.unwrap();
    let stop = StopHandle::new();
    let engine =
        world.engine().with(|it| (it.patience, it.stop) = (Duration::from_secs(3_600), stop.clone()));
    let report = engine.run(|_| stop.stop()).await.unwrap();
    assert_eq!(report.ending, Ending::Interrupted);
}

#[tokio::test]
async fn a_lease_that_is_taken_over_stops_the_run_at_its_next_commit() {
    let world = World::with_items(9);
    let (store, clock) = (world.store.clone(), world.clock.clone());
    let mut index = Hooked::new(&world);
    index.before_commit = Box::new(move |_| {
        let (store, clock) = (store.clone(), clock.clone());
        Box::pin(async move {
            if store.stats().commits.len() == 2 {
                // The process slept through its term, and another one came.
                clock.advance(TTL);
                let now = clock.now();
                let acquired = store.acquire("thief", Term { now, expires_at: now + TTL }).await.unwrap();
                assert!(matches!(acquired, Acquired::Granted { .. }), "{acquired:?}");
            }
        })
    });
    let engine = index.engine(&world).with(|it| it.batch_items = 2);
    let error = engine.run(|_| {}).await.expect_err("the lease is gone");
    assert!(matches!(error, BackfillError::LeaseLost), "{error}");
    assert_eq!(world.store.snapshot().outcomes.len(), 4, "no commit after the takeover was let through");
    assert_eq!(world.store.state().await.unwrap().lease.unwrap().owner, "thief", "its lease is left alone");
    world.clock.advance(TTL);
    assert_eq!(world.pass().await.indexed, 5, "the rest is done by whoever comes next");
}

/// A progress whose outcomes take as long to read as one wants, which makes a pass long without a
/// commit.
struct Slow {
    store: Arc<InMemoryStore>,
    pause: Duration,
    broken: bool,
    backwards: bool,
}

#[async_trait]
impl Progress for Slow {
    type Problem = InMemoryProblem;

    async fn state(&self) -> Result<ProgressState, BoxError> {
        self.store.state().await
    }

    async fn acquire(&self, owner: &str, term: Term) -> Result<Acquired, BoxError> {
        self.store.acquire(owner, term).await
    }

    async fn heartbeat(&self, lease: &Lease, term: Term) -> Result<(), WriteError> {
        if self.broken {
            return Err(WriteError::Backend("busy".into()));
        }
        self.store.heartbeat(lease, term).await
    }

    async fn finish(&self, lease: &Lease, finish: Finish, now: Timestamp) -> Result<(), WriteError> {
        self.store.finish(lease, finish, now).await
    }

    async fn outcomes(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredOutcome<InMemoryProblem>>, BoxError> {
        tokio::time::sleep(self.pause).await;
        let mut outcomes = self.store.outcomes(after, limit).await?;
        if self.backwards {
            outcomes.reverse();
        }
        Ok(outcomes)
    }
}

/// A wall clock that goes with tokio's.
#[derive(Debug, Clone)]
struct TokioClock(tokio::time::Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        Timestamp::constant(1_782_820_800, 0) + self.0.elapsed()
    }
}

fn slow(world: &World, broken: bool) -> Arc<Slow> {
    let pause = Duration::from_secs(95);
    Arc::new(Slow { store: Arc::new(world.store.clone()), pause, broken, backwards: false })
}

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_the_lease_through_a_long_silence() {
    let world = World::with_items(3);
    let clock = TokioClock(tokio::time::Instant::now());
    let slow = slow(&world, false);
    let engine = Backfill::new(Arc::new(world.source.clone()), Arc::new(world.store.clone()), slow)
        .with(|it| it.lease_ttl = TTL);
    let engine = engine.with(|it| it.clock = Arc::new(clock.clone()));
    let (report, held) = tokio::join!(engine.run(|_| {}), async {
        tokio::time::sleep(Duration::from_secs(90)).await;
        let now = clock.now();
        world.store.acquire("impatient", Term { now, expires_at: now + TTL }).await.unwrap()
    });
    let report = complete(report);
    assert!(matches!(held, Acquired::Held { .. }), "three terms later it is still held: {held:?}");
    assert_eq!(report.elapsed.as_secs(), 95, "by the injected clock");
    assert_eq!(world.store.stats().writes, 1 + 9 + 1 + 1, "nine heartbeats in 95 s, three a term");
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_finds_the_lease_lost_ends_the_run() {
    let world = World::with_items(3);
    let slow = slow(&world, false);
    let engine = Backfill::new(Arc::new(world.source.clone()), Arc::new(world.store.clone()), slow);
    let engine = engine.with(|it| (it.clock, it.lease_ttl) = (Arc::new(world.clock.clone()), TTL));
    let began = tokio::time::Instant::now();
    let (report, ()) = tokio::join!(engine.run(|_| {}), async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        world.clock.advance(TTL);
        let acquired = world.store.acquire("thief", world.term()).await.unwrap();
        assert!(matches!(acquired, Acquired::Granted { .. }));
    });
    let error = report.expect_err("the lease is gone");
    assert!(matches!(error, BackfillError::LeaseLost), "{error}");
    assert_eq!(began.elapsed().as_secs(), 10, "at the next heartbeat, not at the next commit");
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_fails_is_no_reason_to_stop() {
    let world = World::with_items(3);
    let slow = slow(&world, true);
    let engine = Backfill::new(Arc::new(world.source.clone()), Arc::new(world.store.clone()), slow);
    let report =
        engine.with(|it| (it.clock, it.lease_ttl) = (Arc::new(world.clock.clone()), TTL)).run(|_| {}).await;
    assert_eq!(complete(report).indexed, 3, "the commit has the last word");
}

#[tokio::test]
async fn a_store_that_has_no_order_is_refused_before_it_does_harm() {
    let world = World::with_items(5);
    world.pass().await;
    let before = world.store.snapshot();
    let store = Arc::new(world.store.clone());
    let backwards = Slow { store, pause: Duration::ZERO, broken: false, backwards: true };
    let index = Arc::new(world.store.clone());
    let engine = Backfill::new(Arc::new(world.source.clone()), index, Arc::new(backwards))
        .with(|it| it.outcome_page = 2);
    let error = engine
        .with(|it| it.clock = Arc::new(world.clock.clone()))
        .run(|_| {})
        .await
        .expect_err("it has no order");
    assert!(matches!(error, BackfillError::Store { action: "read outcomes", .. }), "{error}");
    assert_eq!(world.store.snapshot(), before);
}

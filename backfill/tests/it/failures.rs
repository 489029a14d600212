//! Items that cannot be read: for good, for now, or with a panic.

use threadkeep_backfill::in_memory::{Behaviour, InMemoryProblem, ItemContent};
use threadkeep_backfill::{BackfillError, OutcomeState, Problem, ProblemKind, SourceError};

use crate::support::{World, complete, key};

fn failed(number: usize, problem: InMemoryProblem) -> Problem<InMemoryProblem> {
    Problem { key: key(number), kind: ProblemKind::Failed(problem) }
}

#[tokio::test]
async fn a_failure_for_good_is_read_again_only_when_it_has_changed() {
    let world = World::with_items(3);
    world.source.put(key(1), ItemContent::text("bad").behaviour(Behaviour::Breaks));
    let report = world.pass().await;
    assert_eq!((report.indexed, report.failed, report.known_failures), (2, 1, 0));
    assert_eq!(report.problems, [failed(1, InMemoryProblem::Broken)]);

    world.store.reset_stats();
    let report = world.pass().await;
    assert_eq!((report.unchanged, report.failed, report.known_failures), (2, 0, 1));
    assert_eq!(report.problems, [failed(1, InMemoryProblem::Broken)], "it is still told");
    assert_eq!(world.store.stats().extracted, [""; 0], "but not read");

    // The way it is read is no part of the fingerprint: only force finds that it works now.
    world.source.put(key(1), ItemContent::text("bad"));
    assert_eq!(world.pass().await.known_failures, 1);
    let report = complete(world.engine().with(|it| it.force = true).run(|_| {}).await);
    assert_eq!((report.indexed, report.problems_total), (3, 0));

    world.source.put(key(1), ItemContent::text("worse").behaviour(Behaviour::Breaks));
    assert_eq!(world.pass().await.failed, 1);
    assert_eq!(world.store.text_of(&key(1)).as_deref(), Some("bad"), "the row it had stays");
    world.source.put(key(1), ItemContent::text("better"));
    assert_eq!(world.pass().await.indexed, 1, "a changed one is read again");
}

#[tokio::test]
async fn a_failure_for_now_is_tried_at_every_pass() {
    let world = World::with_items(2);
    world.source.put(key(1), ItemContent::text("same").behaviour(Behaviour::Flakes));
    for _ in 0..3 {
        let report = world.pass().await;
        assert_eq!((report.failed, report.problems), (1, vec![failed(1, InMemoryProblem::Flaky)]));
    }
    world.source.put(key(1), ItemContent::text("same"));
    assert_eq!(world.pass().await.indexed, 1);
    assert_eq!(world.store.snapshot(), world.snapshot_from_scratch().await);
}

#[tokio::test]
async fn a_panic_is_the_failure_of_one_item() {
    let world = World::with_items(20);
    for number in [3, 4, 11] {
        world.source.put(key(number), ItemContent::text("panics").behaviour(Behaviour::Panics));
    }
    let report = complete(world.engine().with(|it| it.workers = 1).run(|_| {}).await);
    assert_eq!((report.indexed, report.failed), (17, 3));
    let problem = InMemoryProblem::Panicked(format!("the extractor met {}", key(3)));
    assert_eq!(report.problems[0], failed(3, problem.clone()));
    let outcome = &world.store.snapshot().outcomes[&key(3)];
    assert_eq!(outcome.state, OutcomeState::Failed(problem));
    assert_eq!(world.store.stats().workers, 4, "a worker that panicked is not used again");
    assert_eq!(world.pass().await.known_failures, 3);
}

#[tokio::test]
async fn workers_are_used_again_from_batch_to_batch() {
    let world = World::with_items(40);
    complete(world.engine().with(|it| (it.batch_items, it.workers) = (4, 1)).run(|_| {}).await);
    assert_eq!(world.store.stats().workers, 1, "the threads of all batches share one worker");
}

#[tokio::test]
async fn a_source_that_is_missing_takes_nothing_away() {
    let world = World::with_items(3);
    world.pass().await;
    let before = world.store.snapshot();
    world.source.set_missing(true);
    let error = world.engine().run(|_| {}).await.expect_err("there is no source");
    assert!(matches!(error, BackfillError::Source(SourceError::Missing { .. })), "{error}");
    assert_eq!(world.store.snapshot(), before);
    world.source.set_missing(false);
    assert_eq!(world.pass().await.unchanged, 3, "and the lease was given back");
}

#[tokio::test]
async fn problems_are_counted_beyond_those_kept() {
    let world = World::default();
    for number in 0..110 {
        world.source.put(key(number), ItemContent::text("bad").behaviour(Behaviour::Breaks));
    }
    for failures in [(110, 0), (0, 110)] {
        let report = world.pass().await;
        assert_eq!((report.failed, report.known_failures), failures);
        assert_eq!((report.problems.len(), report.problems_total), (100, 110));
    }
}

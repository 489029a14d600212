//! Progress updates, stopping, and the numbers of the report.

use std::sync::Mutex;

use threadkeep_backfill::in_memory::{Faults, InMemoryProblem, ItemContent};
use threadkeep_backfill::{
    BackfillStatus, Ending, Phase, Problem, ProblemKind, Progress, ProgressUpdate, StopHandle,
};

use crate::support::{World, complete, key};

#[tokio::test]
async fn updates_never_go_back() {
    let world = World::with_items(30);
    world.source.put(key(30), ItemContent::text("copy").identity("copies"));
    world.source.put(key(31), ItemContent::text("copy").identity("copies"));
    world.pass().await;
    world.source.remove(&key(30));
    for number in 0..10 {
        world.source.put(key(number), ItemContent::text("changed"));
    }
    let updates: Mutex<Vec<ProgressUpdate>> = Mutex::default();
    let engine = world.engine().with(|it| (it.batch_items, it.outcome_page) = (3, 7));
    complete(engine.run(|update| updates.lock().unwrap().push(*update)).await);
    let updates = updates.into_inner().unwrap();
    for pair in updates.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        assert!(before.phase <= after.phase, "{before:?}, {after:?}");
        if before.phase == after.phase {
            assert!(before.done_items <= after.done_items, "{before:?}, {after:?}");
            assert!(before.done_bytes <= after.done_bytes, "{before:?}, {after:?}");
            assert!(before.total_items <= after.total_items, "{before:?}, {after:?}");
        }
        assert!(after.done_items <= after.total_items && after.done_bytes <= after.total_bytes, "{after:?}");
    }
    let last_of = |phase| *updates.iter().rfind(|update| update.phase == phase).unwrap();
    assert_eq!(last_of(Phase::Comparing).done_items, 31, "every item was compared");
    let indexing = last_of(Phase::Indexing);
    assert_eq!((indexing.done_items, indexing.total_items), (12, 12), "ten changed, one gone, one requeued");
    assert_eq!(indexing.done_bytes, indexing.total_bytes);
    assert_eq!(updates[0].phase, Phase::Listing);
    assert_eq!(updates.last().unwrap().phase, Phase::Finishing);
}

#[tokio::test]
async fn stopping_ends_after_the_commit_and_leaves_the_rest_for_later() {
    for stop_in in [Phase::Listing, Phase::Comparing, Phase::Indexing] {
        let world = World::with_items(9);
        let stop = StopHandle::new();
        let engine =
            world.engine().with(|it| (it.batch_items, it.outcome_page, it.stop) = (2, 2, stop.clone()));
        let run = engine.run(|update| {
            if update.phase == stop_in && (stop_in != Phase::Indexing || update.done_items == 4) {
                stop.stop();
            }
        });
        let report = run.await.unwrap();
        assert_eq!(report.ending, Ending::Interrupted, "{stop_in:?}");
        let done = if stop_in == Phase::Indexing { 4 } else { 0 };
        assert_eq!((report.indexed, world.store.snapshot().rows.len()), (done, done as usize), "{stop_in:?}");
        assert_eq!(report.pending + report.indexed, report.scanned, "{stop_in:?}");
        let state = world.store.state().await.unwrap();
        assert_eq!(
            (state.status, state.lease),
            (BackfillStatus::Pending, None),
            "{stop_in:?}: the lease is free"
        );
        assert_eq!(world.pass().await.indexed, 9 - done, "{stop_in:?}");
    }
}

#[tokio::test]
async fn stopping_between_removals_leaves_the_rest_for_later() {
    let world = World::with_items(6);
    world.pass().await;
    for number in 0..5 {
        world.source.remove(&key(number));
    }
    let stop = StopHandle::new();
    let engine =
        world.engine_with(&Faults::default()).with(|it| (it.batch_items, it.stop) = (2, stop.clone()));
    let report = engine.run(|update| {
        if update.phase == Phase::Indexing && update.done_items == 2 {
            stop.stop();
        }
    });
    let report = report.await.unwrap();
    assert_eq!((report.ending, report.vanished), (Ending::Interrupted, 2));
    assert_eq!(world.pass().await.vanished, 3);
}

#[tokio::test]
async fn skipped_lines_and_remarks_are_reported() {
    let world = World::with_items(3);
    world.source.put(key(1), ItemContent { skips: 2, ..ItemContent::text("torn") });
    world.source.put(key(2), ItemContent { skips: 3, ..ItemContent::text("torn") });
    let report = world.pass().await;
    assert_eq!((report.indexed, report.lines_skipped), (3, 5));
    let remark = |number, lines| {
        let kind = ProblemKind::Remark(InMemoryProblem::LinesSkipped(lines));
        Problem { key: key(number), kind }
    };
    assert_eq!(report.problems, [remark(1, 2), remark(2, 3)]);
    assert_eq!(report.bytes, ("text 0".len() + "torn".len() * 2) as u64);
}

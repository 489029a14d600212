//! Work that a pass finds: new, changed, lost, vanished, moved, doubled and excluded items.

use threadkeep_backfill::in_memory::{Behaviour, InMemoryProblem, ItemContent};
use threadkeep_backfill::{Problem, ProblemKind};

use crate::support::{Hooked, World, complete, key};

#[tokio::test]
async fn every_sort_of_change_is_found_and_nothing_else() {
    for page in [1, 2, 3, 7, 8, 1_000] {
        let world = World::with_items(8);
        world.pass().await;
        world.store.reset_stats();
        world.source.put("a new first", ItemContent::text("new"));
        world.source.put(key(2), ItemContent::text("changed"));
        world.source.remove(&key(4));
        world.store.lose_row(&key(5));
        world.source.remove(&key(7));
        world.source.put("z new last", ItemContent::text("new"));
        let report = complete(world.engine().with(|it| it.outcome_page = page).run(|_| {}).await);
        assert_eq!(
            (report.scanned, report.indexed, report.unchanged, report.vanished),
            (8, 4, 4, 2),
            "page {page}"
        );
        let read = vec!["a new first".to_owned(), key(2), key(5), "z new last".to_owned()];
        assert_eq!(
            world.store.stats().commits,
            [read, vec![key(4), key(7)]],
            "page {page}: the vanished come last"
        );
        assert_eq!(world.store.snapshot(), world.snapshot_from_scratch().await, "page {page}");
    }
}

#[tokio::test]
async fn what_cannot_be_listed_has_not_vanished() {
    let world = World::with_items(2);
    world.source.put("locked/a", ItemContent::text("a"));
    world.source.put("locked/b", ItemContent::text("b"));
    world.pass().await;
    let before = world.store.snapshot();
    world.source.set_unreadable(&["locked/"]);
    world.source.remove(&key(1));
    let report = world.pass().await;
    assert_eq!((report.scanned, report.unchanged, report.vanished), (1, 1, 1));
    let kind = ProblemKind::Listing(InMemoryProblem::Unlisted);
    let problem = Problem { key: "locked/".into(), kind };
    assert_eq!(report.problems, [problem]);
    assert_eq!(
        world.store.snapshot().rows.len(),
        before.rows.len() - 1,
        "only what is known to be gone goes"
    );
    world.source.remove("locked/a");
    world.source.set_unreadable(&[]);
    assert_eq!(world.pass().await.vanished, 1, "and now it is known");

    world.source.remove("locked/b");
    world.source.set_unreadable(&[""]);
    assert_eq!(world.pass().await.vanished, 0, "the empty prefix is everything");
}

#[tokio::test]
async fn a_key_that_is_listed_twice_is_reported_and_done_once() {
    let world = World::with_items(2);
    world.source.list_again(key(1), ItemContent::text("again"));
    let report = world.pass().await;
    assert_eq!((report.scanned, report.indexed, report.problems_total), (2, 2, 1));
    assert_eq!(&report.problems[..], [Problem { key: key(1), kind: ProblemKind::ListedTwice }]);
}

#[tokio::test]
async fn an_item_that_moved_keeps_its_row_throughout_the_pass() {
    for (from, to) in [(1, 8), (8, 1)] {
        let world = World::with_items(0);
        world.source.put(key(from), ItemContent::text("moving").identity("me"));
        world.pass().await;
        world.source.remove(&key(from));
        world.source.put(key(to), ItemContent::text("moving").identity("me"));
        let report = world.pass().await;
        assert_eq!((report.indexed, report.duplicates, report.vanished), (1, 0, 1), "from {from} to {to}");
        assert_eq!(report.problems, [], "a move is no problem");
        assert_eq!(report.rows_gone, 0, "and nothing is gone");
        assert_eq!(world.store.snapshot(), world.snapshot_from_scratch().await);
    }
}

#[tokio::test]
async fn copies_are_reported_at_every_pass_and_inherit_at_once() {
    let world = World::with_items(5);
    for number in [1, 3, 4] {
        world.source.put(key(number), ItemContent::text(format!("copy {number}")).identity("copies"));
    }
    for _ in 0..2 {
        let report = world.pass().await;
        assert_eq!((report.duplicates, report.problems_total), (2, 2));
        let copy = |number| Problem { key: key(number), kind: ProblemKind::Duplicate { of: key(1) } };
        assert_eq!(report.problems, [copy(3), copy(4)]);
    }
    world.source.remove(&key(1));
    let report = world.pass().await;
    assert_eq!((report.indexed, report.duplicates, report.vanished, report.rows_gone), (1, 1, 1, 0));
    assert_eq!(report.problems_total, 1, "what was requeued is counted once: {report:?}");
    assert_eq!(world.store.snapshot(), world.snapshot_from_scratch().await);
}

#[tokio::test]
async fn a_winner_that_loses_to_a_later_batch_is_counted_as_a_copy() {
    let world = World::with_items(3);
    world.source.put(key(2), ItemContent::text("late").identity("copies"));
    world.pass().await;
    world.source.put(key(0), ItemContent::text("early").identity("copies"));
    let report = world.pass().await;
    assert_eq!((report.indexed, report.duplicates, report.unchanged), (1, 1, 1));
    assert_eq!(world.store.snapshot(), world.snapshot_from_scratch().await);
}

#[tokio::test]
async fn what_is_left_out_on_purpose_is_neither_read_again_nor_a_problem() {
    let world = World::with_items(3);
    world.source.put(key(1), ItemContent::text("deleted").behaviour(Behaviour::Excluded));
    for _ in 0..2 {
        let report = world.pass().await;
        assert_eq!((report.excluded, report.problems_total), (1, 0));
    }
    assert_eq!(world.store.stats().extracted.len(), 3, "once each");
}

#[tokio::test]
async fn a_forced_pass_reads_everything() {
    let world = World::with_items(4);
    world.pass().await;
    let report = complete(world.engine().with(|it| it.force = true).run(|_| {}).await);
    assert_eq!((report.indexed, report.unchanged), (4, 0));
    assert_eq!(world.store.snapshot(), world.snapshot_from_scratch().await);
}

#[tokio::test]
async fn a_store_that_never_has_enough_cannot_keep_a_pass_from_its_end() {
    let world = World::with_items(4);
    let index = Hooked::new(&world);
    *index.requeue.lock().unwrap() = vec![vec![key(1), "a stranger".to_owned()]; 1_000];
    let report = complete(index.engine(&world).with(|it| it.batch_items = 2).run(|_| {}).await);
    assert_eq!((report.indexed, report.problems_total), (4, 1), "{report:?}");
    assert_eq!(&report.problems[..], [Problem { key: key(1), kind: ProblemKind::Unsettled }]);
    let read = world.store.stats().extracted.iter().filter(|read| **read == key(1)).count();
    assert_eq!(read, 1 + 3, "once, and three times more");
}

#[tokio::test]
async fn what_is_still_to_be_read_is_not_read_twice_because_a_commit_asks_for_it() {
    let world = World::with_items(4);
    let index = Hooked::new(&world);
    index.requeue.lock().unwrap().push(vec![key(3)]);
    complete(index.engine(&world).with(|it| it.batch_items = 2).run(|_| {}).await);
    assert_eq!(world.store.stats().extracted.len(), 4);
}

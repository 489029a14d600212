//! Order and bounds: batches in key order, four of them in flight at most, by items and by bytes;
//! one read of saved state a batch.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use threadkeep_backfill::in_memory::{Behaviour, ItemContent};
use threadkeep_backfill::{Ending, StopHandle};

use crate::support::{Hooked, World, complete, key};

#[tokio::test]
async fn commits_come_in_key_order_whatever_the_workers_do() {
    let world = World::with_items(54);
    let mut index = Hooked::new(&world);
    // The two threads take turns.
    let barrier = Barrier::new(2);
    index.before_extract = Box::new(move |_| {
        barrier.wait();
    });
    complete(index.engine(&world).with(|it| (it.batch_items, it.workers) = (10, 2)).run(|_| {}).await);
    let stats = world.store.stats();
    let lengths: Vec<usize> = stats.commits.iter().map(Vec::len).collect();
    assert_eq!(lengths, [10, 10, 10, 10, 10, 4]);
    assert_eq!(stats.commits.concat(), (0..54).map(key).collect::<Vec<_>>());
    let lasts: Vec<_> = stats.commits.iter().map(|keys| keys.last().cloned()).collect();
    assert_eq!(stats.watermarks, lasts, "the watermark is the last key done");
}

#[tokio::test]
async fn a_stopped_run_does_not_read_its_batch_to_the_end() {
    let world = World::with_items(50);
    let mut index = Hooked::new(&world);
    let (began, has_began) = std::sync::mpsc::channel();
    let (let_go, may_go) = std::sync::mpsc::channel::<()>();
    let may_go = Mutex::new(may_go);
    // The thread has a share of the index, and the index one of this.
    let index_lives = Arc::new(());
    let share = Arc::clone(&index_lives);
    index.before_extract = Box::new(move |_| {
        let _ = &share;
        let _ = began.send(());
        // Returns at once when nothing holds it back any longer.
        let _ = may_go.lock().unwrap().recv();
    });
    let stop = StopHandle::new();
    let engine = index.engine(&world).with(|it| (it.workers, it.stop) = (1, stop.clone()));
    let stopper = std::thread::spawn(move || {
        has_began.recv().unwrap();
        stop.stop();
    });
    let report = engine.run(|_| {}).await.unwrap();
    stopper.join().unwrap();
    assert_eq!((report.ending, report.pending), (Ending::Interrupted, 50), "it did not wait for the thread");
    drop(let_go);
    drop(engine);
    while Arc::strong_count(&index_lives) > 1 {
        std::thread::yield_now();
    }
    assert_eq!(world.store.stats().extracted.len(), 1, "the thread ended after the item it was at");
}

/// Measures the items between the start of their extraction and the end of their commit: the most
/// at one time, each with its size.
fn most_in_flight(index: &mut Hooked, size: fn(&str) -> u64) -> Arc<AtomicU64> {
    let (most, begun, store) = (Arc::<AtomicU64>::default(), AtomicU64::new(0), index.store.clone());
    let measured = Arc::clone(&most);
    index.before_extract = Box::new(move |key| {
        let begun = begun.fetch_add(size(key), Ordering::SeqCst) + size(key);
        let committed: u64 = store.stats().commits.concat().iter().map(|key| size(key)).sum();
        measured.fetch_max(begun - committed, Ordering::SeqCst);
    });
    most
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_batches_are_in_flight_and_no_more() {
    let world = World::with_items(200);
    let mut index = Hooked::new(&world);
    let most = most_in_flight(&mut index, |_| 1);
    let engine = index.engine(&world).with(|it| (it.batch_items, it.workers) = (10, 4));
    complete(engine.run(|_| {}).await);
    let most = most.load(Ordering::SeqCst);
    assert!((10..=40).contains(&most), "{most} items were in flight");
}

#[tokio::test]
async fn three_batches_are_read_while_one_is_committed() {
    let world = World::with_items(100);
    let store = world.store.clone();
    let mut index = Hooked::new(&world);
    let most = most_in_flight(&mut index, |_| 1);
    index.before_commit = Box::new(move |batch| {
        let store = store.clone();
        Box::pin(async move {
            // Waits until the next three batches were read, if there are as many.
            let with_this = store.stats().commits.concat().len() + batch;
            while store.stats().extracted.len() < 100.min(with_this + 30) {
                tokio::task::yield_now().await;
            }
        })
    });
    let engine = index.engine(&world).with(|it| it.batch_items = 10);
    let report = tokio::time::timeout(Duration::from_secs(60), engine.run(|_| {})).await;
    complete(report.expect("a commit waited in vain for the next batches to be read"));
    let most = most.load(Ordering::SeqCst);
    assert!((11..=40).contains(&most), "{most} items were in flight");
}

#[tokio::test]
async fn bytes_bound_a_batch_too() {
    let world = World::default();
    for number in 0..20 {
        world.source.put(key(number), ItemContent::text("x".repeat(if number == 7 { 1_000 } else { 30 })));
    }
    let mut index = Hooked::new(&world);
    let most = most_in_flight(&mut index, |item| if item == key(7) { 1_000 } else { 30 });
    let engine = index.engine(&world);
    let engine = engine.with(|it| (it.batch_items, it.batch_bytes, it.workers) = (10, 100, 2));
    complete(engine.run(|_| {}).await);
    let stats = world.store.stats();
    let lengths: Vec<usize> = stats.commits.iter().map(Vec::len).collect();
    assert_eq!(lengths, [3, 3, 1, 1, 3, 3, 3, 3], "100 bytes a batch, and a larger item alone");
    let most = most.load(Ordering::SeqCst);
    assert!((1_000..=1_300).contains(&most), "{most} bytes were in flight");
}

#[tokio::test]
async fn only_changed_items_continue_from_saved_state() {
    let world = World::with_items(10);
    world.pass().await;
    assert_eq!(world.store.stats().previous, [], "new items have none");
    world.source.put(key(3), ItemContent::text("changed"));
    world.source.put(key(10), ItemContent::text("new"));
    world.store.lose_row(&key(5));
    assert_eq!(world.pass().await.indexed, 3);
    let mut asked = vec![(key(3), true), (key(5), false)];
    assert_eq!(world.store.stats().previous, asked, "not for a new item");
    world.source.put(key(4), ItemContent::text("changed"));
    complete(world.engine().with(|it| it.force = true).run(|_| {}).await);
    asked.extend((0..=10).map(|number| (key(number), false)));
    assert_eq!(world.store.stats().previous, asked, "a forced pass continues none");
    world.source.put(key(6), ItemContent::text("broken").behaviour(Behaviour::Breaks));
    world.pass().await;
    world.source.put(key(6), ItemContent::text("mended"));
    assert_eq!(world.pass().await.indexed, 1);
    asked.extend([(key(6), true), (key(6), true)]);
    assert_eq!(world.store.stats().previous, asked, "an earlier failure changed, too");
}

#[tokio::test]
async fn an_unchanged_pass_writes_only_its_lease() {
    let world = World::with_items(10_000);
    world.pass().await;
    world.store.reset_stats();
    let report = world.pass().await;
    assert_eq!((report.unchanged, report.bytes), (10_000, 0));
    let stats = world.store.stats();
    assert_eq!((stats.writes, stats.commits.len(), stats.workers), (2, 0, 0), "acquire and finish");
}

#[test]
fn a_run_can_be_spawned() {
    fn is_send<T: Send>(_: &T) {}
    let world = World::default();
    let engine = world.engine();
    is_send(&engine.run(|_| {}));
    is_send(&engine.run(|_| {}));
}

//! Checks of stored memories.

use super::Fixture;
use super::fixture::{HOUR, at, consider, forgotten, id, ids, locked, put, remembered, select, thread};
use crate::in_memory::InMemoryThread;
use crate::{ConsolidationSuccess, KeptFile, SkipReason};

/// The most used come first, then the last used or made, at most so many, within the window.
pub async fn selection_is_ordered_and_bounded<F: Fixture>(fixture: &F) {
    remembered(fixture, [1, 2, 3, 4]).await;
    assert_eq!(ids(&select(fixture, 10, 0).await), [id(4), id(3), id(2), id(1)]);
    let outputs = fixture.outputs();
    outputs.record_usage(&[id(1), id(2)], at(10)).await.expect("recording");
    outputs.record_usage(&[id(2)], at(11)).await.expect("recording");
    assert_eq!(ids(&select(fixture, 10, 0).await), [id(2), id(1), id(4), id(3)]);
    assert_eq!(ids(&select(fixture, 3, 0).await), [id(2), id(1), id(4)]);
    assert_eq!(ids(&select(fixture, 10, 3).await), [id(2), id(1), id(4)], "3 was made before second 3");
    let listed = outputs.list().await.expect("listing");
    assert_eq!(ids(&listed), [id(4), id(3), id(2), id(1)], "a list has all, the latest update first");
}

/// Citations count, and unknown threads do not.
pub async fn usage_is_recorded<F: Fixture>(fixture: &F) {
    remembered(fixture, [1, 2]).await;
    let used = fixture.outputs().record_usage(&[id(1), id(7)], at(20)).await.expect("recording");
    assert_eq!(used, 1);
    fixture.outputs().record_usage(&[id(1)], at(10)).await.expect("recording");
    let memory = fixture.outputs().get(id(1)).await.expect("reading").expect("a memory");
    assert_eq!((memory.usage_count, memory.last_used_at), (2, Some(at(20))), "the latest use counts");
}

/// A thread whose memory mode is switched off is not selected, and pruning forgets it.
pub async fn memory_that_is_switched_off_is_forgotten<F: Fixture>(fixture: &F) {
    remembered(fixture, [1, 2]).await;
    publish(fixture, &[1, 2], 20).await;
    fixture.put_thread(&InMemoryThread { memory_off: true, ..thread(1, 24) }).await;
    assert_eq!(ids(&select(fixture, 10, 0).await), [id(2)]);
    // An implementation may forget it when the mode is switched.
    fixture.outputs().prune(at(0)).await.expect("pruning");
    assert_eq!(fixture.outputs().get(id(1)).await.expect("reading"), None);
    assert_eq!(forgotten(fixture).await, [id(1)]);
}

/// A memory that was neither made nor used within the window goes.
pub async fn unused_memory_is_pruned<F: Fixture>(fixture: &F) {
    remembered(fixture, [1, 2, 3]).await;
    fixture.outputs().record_usage(&[id(1)], at(50)).await.expect("recording");
    assert_eq!(fixture.outputs().prune(at(2)).await.expect("pruning"), 1);
    let left = fixture.outputs().list().await.expect("listing");
    assert_eq!(ids(&left), [id(3), id(1)]);
    assert!(forgotten(fixture).await.is_empty());
}

/// Forgetting a memory makes the consolidated text due if it may have its words.
pub async fn forgetting_makes_the_text_due<F: Fixture>(fixture: &F) {
    remembered(fixture, [1, 2, 3]).await;
    publish(fixture, &[1, 2], 20).await;
    let outputs = fixture.outputs();
    assert!(outputs.forget(id(3)).await.expect("forgetting"));
    assert!(forgotten(fixture).await.is_empty(), "no consolidation had it");
    assert!(outputs.forget(id(1)).await.expect("forgetting"));
    assert!(!outputs.forget(id(1)).await.expect("forgetting"), "there is nothing left");
    fixture.delete_thread(id(2)).await;
    assert_eq!(forgotten(fixture).await, [id(1), id(2)], "deleting forgets, too");
    assert!(outputs.list().await.expect("listing").is_empty());
    // The thread is still there, and not extracted again until it changes.
    assert_eq!(consider(fixture, id(1), 30).await.skip, Some(SkipReason::UpToDate));
    put(fixture, 1, 20).await;
    assert_eq!(consider(fixture, id(1), 30).await.skip, None);
}

/// Clearing removes memories, jobs, kept files and what was due.
pub async fn clear_leaves_nothing<F: Fixture>(fixture: &F) {
    remembered(fixture, [1, 2]).await;
    publish(fixture, &[1, 2], 20).await;
    fixture.outputs().forget(id(1)).await.expect("forgetting");
    assert_eq!(fixture.outputs().clear().await.expect("clearing"), 1);
    assert!(fixture.outputs().list().await.expect("listing").is_empty());
    assert!(fixture.outputs().kept_files().await.expect("reading").is_empty());
    assert!(forgotten(fixture).await.is_empty());
    assert_eq!(consider(fixture, id(2), HOUR).await.skip, None, "its job is gone");
    let state = fixture.lock().state().await.expect("reading");
    assert_eq!((state.last_success_at, state.watermark), (None, None), "and so is the cool-down");
    assert_eq!(state.root, Some("/home/memories".into()), "the folder is still known");
}

/// Consolidates the memories with these numbers.
async fn publish<F: Fixture>(fixture: &F, numbers: &[u128], now: i64) {
    let lease = locked(fixture, 0, now).await;
    let success = ConsolidationSuccess {
        selection: numbers.iter().map(|number| (id(*number), at(-24 * HOUR))).collect(),
        forgotten: Vec::new(),
        files: Some(vec![KeptFile { path: "memory_summary.md".into(), content: b"text".to_vec() }]),
    };
    fixture.lock().succeed(&lease, &success, at(now)).await.expect("the owner may");
}

//! Checks of a commit: all of it or nothing, and only under the current lease.

use super::fixture::{Fixture, at, commit, granted, listed, outcomes, term};
use crate::{Acquired, Batch, CommitError, FailedItem, Finish, Index, ItemFailure, OutcomeState, Progress};

/// A commit writes rows, outcomes and watermark.
///
/// # Panics
///
/// If the implementation does not conform; so do all checks.
pub async fn commit_writes_everything<F: Fixture>(fixture: &F) {
    for number in 0..3 {
        fixture.put(number, 1).await;
    }
    let items = listed(fixture).await;
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    let report = commit(fixture, &lease, &items, term(1, 60)).await.expect("the owner may commit");
    assert_eq!(
        (&report.duplicates[..], &report.excluded[..], &report.requeue[..]),
        (&[][..], &[][..], &[][..])
    );
    let rows: Vec<String> = fixture.rows().await.into_keys().collect();
    assert_eq!(rows, [fixture.key(0), fixture.key(1), fixture.key(2)], "each item has its row");
    let outcomes = outcomes(fixture).await;
    assert_eq!(outcomes.len(), 3, "each item has its outcome");
    for (item, outcome) in items.iter().zip(&outcomes) {
        assert_eq!((&outcome.key, &outcome.fingerprint), (&item.key, &item.fingerprint), "as it was listed");
        assert_eq!((&outcome.state, outcome.present), (&OutcomeState::Indexed, true), "of {}", item.key);
    }
    let state = fixture.progress().state().await.expect("the state must be readable");
    assert_eq!(state.watermark, Some(fixture.key(2)), "the watermark is the batch's");
}

/// A commit makes the lease last, so that a busy owner needs no heartbeat.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn commit_renews_the_lease<F: Fixture>(fixture: &F) {
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    commit(fixture, &lease, &[], term(50, 60)).await.expect("an empty batch is a batch");
    let second = fixture.progress().acquire(&fixture.owner(1), term(109, 60)).await;
    let held = Acquired::Held { owner: fixture.owner(0), expires_at: at(110) };
    assert_eq!(second.expect("acquiring must not fail"), held, "the commit has renewed the lease");
}

/// Whoever lost the lease commits nothing: no row, no outcome, no removal, no watermark.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn stale_commit_writes_nothing<F: Fixture>(fixture: &F) {
    fixture.put(0, 1).await;
    let (old, _) = granted(fixture, 0, term(0, 60)).await;
    commit(fixture, &old, &listed(fixture).await, term(1, 60)).await.expect("the owner may commit");
    granted(fixture, 1, term(61, 60)).await;
    fixture.put(0, 2).await;
    fixture.put(1, 1).await;
    refused(fixture, &old).await;
}

/// A lease that was given back commits nothing, although nobody else has it.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn commit_after_finish_writes_nothing<F: Fixture>(fixture: &F) {
    fixture.put(0, 1).await;
    let (old, _) = granted(fixture, 0, term(0, 60)).await;
    commit(fixture, &old, &listed(fixture).await, term(1, 60)).await.expect("the owner may commit");
    fixture
        .progress()
        .finish(&old, Finish::Interrupted, at(2))
        .await
        .expect("the owner may give the lease back");
    fixture.put(0, 2).await;
    fixture.put(1, 1).await;
    refused(fixture, &old).await;
}

/// Tries to commit new, changed and vanished items under a lease that is none.
async fn refused<F: Fixture>(fixture: &F, old: &crate::Lease) {
    let progress = fixture.progress();
    let state = progress.state().await.expect("the state must be readable");
    let (rows, stored) = (fixture.rows().await, outcomes(fixture).await);
    let committed = commit(fixture, old, &listed(fixture).await, term(63, 60)).await;
    assert!(
        matches!(committed, Err(CommitError::LeaseLost)),
        "it is told that its lease is lost: {committed:?}"
    );
    let vanished = [fixture.key(0)];
    let batch = Batch {
        extracted: Vec::new(),
        failed: Vec::new(),
        vanished: &vanished,
        watermark: None,
        term: term(63, 60),
    };
    let committed = fixture.index().commit(old, batch).await;
    assert!(matches!(committed, Err(CommitError::LeaseLost)), "also when it removes: {committed:?}");
    assert_eq!(fixture.rows().await, rows, "no row has changed");
    assert_eq!(outcomes(fixture).await, stored, "no outcome has changed");
    assert_eq!(progress.state().await.expect("the state must be readable"), state, "nor watermark and lease");
}

/// A batch that is committed again (its first commit was durable, but nobody lived to hear of it) changes nothing.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn commit_twice_is_commit_once<F: Fixture>(fixture: &F) {
    for number in 0..3 {
        fixture.put(number, 1).await;
    }
    let items = listed(fixture).await;
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    commit(fixture, &lease, &items, term(1, 60)).await.expect("the owner may commit");
    let (rows, stored) = (fixture.rows().await, outcomes(fixture).await);
    commit(fixture, &lease, &items, term(2, 60)).await.expect("and may do it again");
    assert_eq!((fixture.rows().await, outcomes(fixture).await), (rows, stored), "nothing is doubled");
}

/// A failure is stored with its reason and its hope, and a later success replaces it.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn failure_is_kept_with_its_reason<F: Fixture>(fixture: &F) {
    for number in 0..2 {
        fixture.put(number, 1).await;
    }
    let items = listed(fixture).await;
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    fail(fixture, &lease, &items).await;
    let stored = outcomes(fixture).await;
    assert_eq!(stored.len(), 2, "failures have outcomes");
    for (at, outcome) in stored.iter().enumerate() {
        let state = OutcomeState::Failed { reason: format!("reason {at}: über"), transient: at == 1 };
        assert_eq!((&outcome.state, outcome.present), (&state, true), "of {}", outcome.key);
        assert_eq!(outcome.fingerprint, items[at].fingerprint, "of {}", outcome.key);
    }
    assert!(fixture.rows().await.is_empty(), "a failure makes no row");
    commit(fixture, &lease, &items, term(2, 60)).await.expect("the owner may commit");
    assert!(
        outcomes(fixture).await.iter().all(|outcome| outcome.state == OutcomeState::Indexed),
        "they work now"
    );
    assert_eq!(fixture.rows().await.len(), 2, "they have rows now");
}

/// An item that was read once and cannot be now keeps its row: what is old is better than nothing.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn failure_keeps_the_row<F: Fixture>(fixture: &F) {
    fixture.put(0, 1).await;
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    commit(fixture, &lease, &listed(fixture).await, term(1, 60)).await.expect("the owner may commit");
    let rows = fixture.rows().await;
    fixture.put(0, 2).await;
    fail(fixture, &lease, &listed(fixture).await).await;
    assert_eq!(fixture.rows().await, rows, "the row is what it was");
    let stored = outcomes(fixture).await;
    assert!(matches!(stored[0].state, OutcomeState::Failed { .. }), "the outcome tells: {:?}", stored[0]);
}

/// Commits items as failures: the first for good, the second for now, …
async fn fail<F: Fixture>(fixture: &F, lease: &crate::Lease, items: &[crate::Item<super::HandleOf<F>>]) {
    let failed = items.iter().enumerate().map(|(at, item)| {
        let failure = ItemFailure { reason: format!("reason {at}: über"), transient: at % 2 == 1 };
        FailedItem { item, failure }
    });
    let batch = Batch {
        extracted: Vec::new(),
        failed: failed.collect(),
        vanished: &[],
        watermark: items.last().map(|item| item.key.as_str()),
        term: term(1, 60),
    };
    fixture.index().commit(lease, batch).await.expect("failures are committed like anything else");
}

/// A vanished item loses its row and its outcome; the others keep theirs.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn vanished_item_goes<F: Fixture>(fixture: &F) {
    for number in 0..3 {
        fixture.put(number, 1).await;
    }
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    commit(fixture, &lease, &listed(fixture).await, term(1, 60)).await.expect("the owner may commit");
    remove(fixture, &lease, &[fixture.key(0), fixture.key(2)]).await;
    let rows: Vec<String> = fixture.rows().await.into_keys().collect();
    assert_eq!(rows, [fixture.key(1)], "the rows are gone");
    let stored: Vec<String> = outcomes(fixture).await.into_iter().map(|outcome| outcome.key).collect();
    assert_eq!(stored, [fixture.key(1)], "the outcomes are gone");
    let state = fixture.progress().state().await.expect("the state must be readable");
    assert_eq!(state.watermark, Some(fixture.key(1)), "the watermark is the batch's");
}

/// Removing what is not there is no error: it may have been removed by a run that died.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn vanished_stranger_is_no_error<F: Fixture>(fixture: &F) {
    fixture.put(0, 1).await;
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    commit(fixture, &lease, &listed(fixture).await, term(1, 60)).await.expect("the owner may commit");
    remove(fixture, &lease, &[fixture.key(7)]).await;
    assert_eq!(fixture.rows().await.len(), 1, "nobody else goes");
}

async fn remove<F: Fixture>(fixture: &F, lease: &crate::Lease, keys: &[String]) {
    let watermark = fixture.key(1);
    let batch = Batch {
        extracted: Vec::new(),
        failed: Vec::new(),
        vanished: keys,
        watermark: Some(&watermark),
        term: term(2, 60),
    };
    let report =
        fixture.index().commit(lease, batch).await.expect("removals are committed like anything else");
    assert_eq!(report.requeue, [""; 0], "nothing hangs on them");
}

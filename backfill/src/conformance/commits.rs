//! Checks of a commit: all of it or nothing, and only under the current lease.

use super::fixture::{
    Fixture, HandleOf, at, commit, commit_all, empty_batch, give_back, granted, listed, outcomes, put,
    refused, state_of, stored, term,
};
use crate::{
    Batch, CommitReport, Extraction, Finish, Index, Item, ItemProblem, Lease, OutcomeState, WriteError,
};

/// A commit writes rows, outcomes and watermark.
pub async fn commit_writes_everything<F: Fixture>(fixture: &F) {
    put(fixture, 3).await;
    let items = listed(fixture).await;
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    let report = commit(fixture, &lease, &items, term(1, 60)).await.expect("the owner may commit");
    assert_eq!(report, CommitReport::default());
    let rows: Vec<String> = fixture.rows().await.into_keys().collect();
    assert_eq!(rows, [fixture.key(0), fixture.key(1), fixture.key(2)], "each item has its row");
    let outcomes = outcomes(fixture).await;
    assert_eq!(outcomes.len(), 3, "each item has its outcome");
    for (item, outcome) in items.iter().zip(&outcomes) {
        assert_eq!((&outcome.key, &outcome.fingerprint), (&item.key, &item.fingerprint), "as it was listed");
        assert_eq!((&outcome.state, outcome.present), (&OutcomeState::Indexed, true), "of {}", item.key);
    }
    let state = state_of(fixture).await;
    assert_eq!(state.watermark, Some(fixture.key(2)), "the watermark is the batch's");
}

/// A commit makes the lease last, so that a busy owner needs no heartbeat.
pub async fn commit_renews_the_lease<F: Fixture>(fixture: &F) {
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    commit(fixture, &lease, &[], term(50, 60)).await.expect("an empty batch is a batch");
    refused(fixture, 1, term(109, 60), at(110)).await;
}

/// An engine that lost the lease commits nothing: no row, no outcome, no removal, no watermark.
pub async fn stale_commit_writes_nothing<F: Fixture>(fixture: &F) {
    let old = stored(fixture, [0]).await;
    granted(fixture, 1, term(61, 60)).await;
    commit_is_refused(fixture, &old).await;
}

/// A lease that was given back commits nothing, although it is free.
pub async fn commit_after_finish_writes_nothing<F: Fixture>(fixture: &F) {
    let old = stored(fixture, [0]).await;
    give_back(fixture, &old, Finish::Interrupted, at(2)).await;
    commit_is_refused(fixture, &old).await;
}

/// Tries to commit new, changed and vanished items under a stale lease.
async fn commit_is_refused<F: Fixture>(fixture: &F, old: &Lease) {
    fixture.put(0, 2).await;
    fixture.put(1, 1).await;
    let state = state_of(fixture).await;
    let (rows, stored) = (fixture.rows().await, outcomes(fixture).await);
    let committed = commit(fixture, old, &listed(fixture).await, term(63, 60)).await;
    assert!(matches!(committed, Err(WriteError::LeaseLost)), "its lease is lost: {committed:?}");
    let vanished = [fixture.key(0)];
    let batch = Batch { vanished: &vanished, ..empty_batch(&[], term(63, 60)) };
    let committed = fixture.index().commit(old, batch).await;
    assert!(matches!(committed, Err(WriteError::LeaseLost)), "also when it removes: {committed:?}");
    assert_eq!(fixture.rows().await, rows, "no row has changed");
    assert_eq!(outcomes(fixture).await, stored, "no outcome has changed");
    assert_eq!(state_of(fixture).await, state, "nor watermark and lease");
}

/// A batch that is committed again (its first commit was durable, and the engine died) changes
/// nothing.
pub async fn commit_twice_is_commit_once<F: Fixture>(fixture: &F) {
    let lease = stored(fixture, 0..3).await;
    let before = (fixture.rows().await, outcomes(fixture).await);
    commit_all(fixture, &lease, term(2, 60)).await;
    assert_eq!((fixture.rows().await, outcomes(fixture).await), before, "nothing is doubled");
}

/// A failure is stored with its problem, and a later success replaces it.
pub async fn failure_is_kept_with_its_problem<F: Fixture>(fixture: &F) {
    put(fixture, 2).await;
    let items = listed(fixture).await;
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    fail(fixture, &lease, &items).await;
    let stored = outcomes(fixture).await;
    assert_eq!(stored.len(), 2, "failures have outcomes");
    for (at, outcome) in stored.iter().enumerate() {
        let problem = fixture.problem(&text(at), at == 1);
        assert_eq!(problem.is_transient(), at == 1, "{problem:?}");
        let state = OutcomeState::Failed(problem);
        assert_eq!((&outcome.state, outcome.present), (&state, true), "of {}", outcome.key);
        assert_eq!(outcome.fingerprint, items[at].fingerprint, "of {}", outcome.key);
    }
    assert!(fixture.rows().await.is_empty(), "a failure makes no row");
    commit(fixture, &lease, &items, term(2, 60)).await.expect("the owner may commit");
    let mut outcomes = outcomes(fixture).await.into_iter();
    assert!(outcomes.all(|outcome| outcome.state == OutcomeState::Indexed), "they work now");
    assert_eq!(fixture.rows().await.len(), 2, "they have rows now");
}

/// An item that was read once and cannot be read now keeps its row: old data is better than none.
pub async fn failure_keeps_the_row<F: Fixture>(fixture: &F) {
    let lease = stored(fixture, [0]).await;
    let rows = fixture.rows().await;
    fixture.put(0, 2).await;
    fail(fixture, &lease, &listed(fixture).await).await;
    assert_eq!(fixture.rows().await, rows, "the row is what it was");
    let stored = outcomes(fixture).await;
    assert!(matches!(stored[0].state, OutcomeState::Failed(_)), "the outcome says so: {:?}", stored[0]);
}

/// Commits items as failures: the first permanent, the second transient, …
async fn fail<F: Fixture>(fixture: &F, lease: &Lease, items: &[Item<HandleOf<F>>]) {
    let failed = |(at, item)| Extraction { item, result: Err(fixture.problem(&text(at), at % 2 == 1)) };
    let extractions = items.iter().enumerate().map(failed).collect();
    let batch = Batch { extractions, ..empty_batch(items, term(1, 60)) };
    fixture.index().commit(lease, batch).await.expect("failures are committed like anything else");
}

/// The text of a problem.
fn text(at: usize) -> String {
    format!("problem {at}: über")
}

/// A vanished item loses its row and its outcome. The others keep theirs.
pub async fn vanished_item_goes<F: Fixture>(fixture: &F) {
    let lease = stored(fixture, 0..3).await;
    remove(fixture, &lease, &[fixture.key(0), fixture.key(2)]).await;
    let rows: Vec<String> = fixture.rows().await.into_keys().collect();
    assert_eq!(rows, [fixture.key(1)], "the rows are gone");
    let stored: Vec<String> = outcomes(fixture).await.into_iter().map(|outcome| outcome.key).collect();
    assert_eq!(stored, [fixture.key(1)], "the outcomes are gone");
    let state = state_of(fixture).await;
    assert_eq!(state.watermark, Some(fixture.key(1)), "the watermark is the batch's");
}

/// Removing an unknown key is no error: a run that died may have removed it.
pub async fn unknown_vanished_key_is_no_error<F: Fixture>(fixture: &F) {
    let lease = stored(fixture, [0]).await;
    remove(fixture, &lease, &[fixture.key(7)]).await;
    assert_eq!(fixture.rows().await.len(), 1, "nothing else goes");
}

async fn remove<F: Fixture>(fixture: &F, lease: &Lease, keys: &[String]) {
    let watermark = fixture.key(1);
    let batch = Batch { vanished: keys, watermark: Some(&watermark), ..empty_batch(&[], term(2, 60)) };
    let report =
        fixture.index().commit(lease, batch).await.expect("removals are committed like anything else");
    assert_eq!(report.requeue, [""; 0], "nothing hangs on them");
}

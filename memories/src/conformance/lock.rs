//! Checks of the global lock.

use super::Fixture;
use super::fixture::{HOUR, ask, at, forgotten, id, ids, lock_request, locked, remembered};
use crate::{
    ConsolidationClaim, ConsolidationFailure, ConsolidationRequest, ConsolidationSuccess, KeptFile, NotNow,
    Step, Term, WriteError,
};

/// One owner has the lock, and a released one is free at once.
pub async fn lock_is_exclusive<F: Fixture>(fixture: &F) {
    let lease = locked(fixture, 0, 0).await;
    let held = ConsolidationClaim::Refused(NotNow::Held { owner: fixture.owner(0), expires_at: at(HOUR) });
    assert_eq!(ask(fixture, 1, 1).await, held);
    assert_eq!(ask(fixture, 0, 1).await, held, "not even the same owner has it twice");
    let mut forced = lock_request(fixture, 1, 1);
    forced.force = true;
    assert_eq!(fixture.lock().claim(&forced).await.expect("claiming"), held, "force ends no living run");
    fixture.lock().release(&lease).await.expect("the owner may");
    let state = fixture.lock().state().await.expect("reading");
    assert_eq!((state.holder, state.root), (None, Some("/home/memories".into())));
    locked(fixture, 1, 1).await;
}

/// An expired lock is taken over, and its earlier holder can write nothing any more.
pub async fn expired_lock_is_taken_over<F: Fixture>(fixture: &F) {
    let slow = locked(fixture, 0, 0).await;
    let term = Term { now: at(HOUR - 1), expires_at: at(2 * HOUR) };
    fixture.lock().heartbeat(&slow, term).await.expect("the owner may renew");
    assert!(matches!(ask(fixture, 1, 2 * HOUR - 1).await, ConsolidationClaim::Refused(NotNow::Held { .. })));
    let quick = locked(fixture, 1, 2 * HOUR).await;
    let lost = fixture.lock().succeed(&slow, &ConsolidationSuccess::default(), at(2 * HOUR)).await;
    assert!(matches!(lost, Err(WriteError::LeaseLost)), "{lost:?}");
    let lost = fixture.lock().heartbeat(&slow, term).await;
    assert!(matches!(lost, Err(WriteError::LeaseLost)), "{lost:?}");
    let lost = fixture.lock().release(&slow).await;
    assert!(matches!(lost, Err(WriteError::LeaseLost)), "{lost:?}");
    let done = fixture.lock().succeed(&quick, &ConsolidationSuccess::default(), at(2 * HOUR)).await;
    done.expect("the new owner may");
    let lost = fixture.lock().release(&quick).await;
    assert!(matches!(lost, Err(WriteError::LeaseLost)), "a run ends once: {lost:?}");
}

/// After a success no other run begins for a while, unless a person asks.
pub async fn success_cools_down<F: Fixture>(fixture: &F) {
    let lease = locked(fixture, 0, 0).await;
    fixture.lock().succeed(&lease, &ConsolidationSuccess::default(), at(0)).await.expect("the owner may");
    let until = at(6 * HOUR);
    assert_eq!(
        ask(fixture, 1, 6 * HOUR - 1).await,
        ConsolidationClaim::Refused(NotNow::CoolingDown { until })
    );
    let mut forced = lock_request(fixture, 1, 1);
    forced.force = true;
    let granted = fixture.lock().claim(&forced).await.expect("claiming");
    let ConsolidationClaim::Granted(lease) = granted else { panic!("force must be granted: {granted:?}") };
    fixture.lock().release(&lease).await.expect("the owner may");
    locked(fixture, 0, 6 * HOUR).await;
}

/// A forgotten memory is removed from the text without waiting.
pub async fn forgotten_memory_ends_the_cool_down<F: Fixture>(fixture: &F) {
    remembered(fixture, [1]).await;
    let lease = locked(fixture, 0, 10).await;
    let had = ConsolidationSuccess { selection: vec![(id(1), at(-24 * HOUR))], ..Default::default() };
    fixture.lock().succeed(&lease, &had, at(10)).await.expect("the owner may");
    assert!(matches!(ask(fixture, 0, 11).await, ConsolidationClaim::Refused(NotNow::CoolingDown { .. })));
    fixture.outputs().forget(id(1)).await.expect("forgetting");
    let lease = locked(fixture, 0, 13).await;
    let told = ConsolidationSuccess { forgotten: vec![id(1)], ..Default::default() };
    fixture.lock().succeed(&lease, &told, at(14)).await.expect("the owner may");
    assert!(forgotten(fixture).await.is_empty());
}

/// A failure keeps its step and reason, and the next run waits.
pub async fn failure_is_stored_and_waits<F: Fixture>(fixture: &F) {
    let lease = locked(fixture, 0, 0).await;
    let retry_at = at(HOUR);
    let failure = ConsolidationFailure { step: Step::Agent, reason: "no such program".into(), retry_at };
    fixture.lock().fail(&lease, &failure).await.expect("the owner may");
    let state = fixture.lock().state().await.expect("reading");
    assert_eq!(state.failure, Some(("agent".to_owned(), "no such program".to_owned())));
    assert_eq!((state.retry_at, state.holder), (Some(retry_at), None));
    assert_eq!(
        ask(fixture, 0, HOUR - 1).await,
        ConsolidationClaim::Refused(NotNow::Waiting { until: retry_at })
    );
    let lease = locked(fixture, 0, HOUR).await;
    fixture.lock().succeed(&lease, &ConsolidationSuccess::default(), at(HOUR)).await.expect("the owner may");
    let state = fixture.lock().state().await.expect("reading");
    assert_eq!((state.failure, state.retry_at, state.last_success_at), (None, None, Some(at(HOUR))));
}

/// A success stores the selection, the watermark and the kept files, if an agent ran.
pub async fn success_stores_selection_and_files<F: Fixture>(fixture: &F) {
    remembered(fixture, [1, 2, 3]).await;
    let file = |path: &str| KeptFile { path: path.into(), content: vec![0, 0xff, b'a'] };
    let files = vec![file("a.md"), file("b/c.md")];
    let lease = locked(fixture, 0, 10).await;
    let selection = vec![(id(1), at(-24 * HOUR)), (id(2), at(-24 * HOUR)), (id(3), at(-25 * HOUR))];
    let success = ConsolidationSuccess { selection, forgotten: vec![], files: Some(files.clone()) };
    fixture.lock().succeed(&lease, &success, at(10)).await.expect("the owner may");
    let selected = fixture.outputs().selected().await.expect("reading");
    assert_eq!(ids(&selected), [id(3), id(2), id(1)], "also of another update");
    assert_eq!(fixture.lock().state().await.expect("reading").watermark, Some(at(-24 * HOUR)));
    assert_eq!(fixture.outputs().kept_files().await.expect("reading"), files);
    let lease = locked(fixture, 0, 10 + 6 * HOUR).await;
    let success = ConsolidationSuccess { selection: vec![(id(1), at(-24 * HOUR))], ..Default::default() };
    fixture.lock().succeed(&lease, &success, at(10 + 6 * HOUR)).await.expect("the owner may");
    assert_eq!(ids(&fixture.outputs().selected().await.expect("reading")), [id(1)]);
    assert_eq!(fixture.outputs().kept_files().await.expect("reading"), files, "no agent ran");
}

/// A memory that is forgotten while a run works with it is due after the run.
pub async fn memory_forgotten_during_a_run_is_due<F: Fixture>(fixture: &F) {
    remembered(fixture, [1, 2]).await;
    let lease = locked(fixture, 0, 10).await;
    fixture.outputs().forget(id(1)).await.expect("forgetting");
    fixture.delete_thread(id(2)).await;
    let selection = vec![(id(1), at(-24 * HOUR)), (id(2), at(-24 * HOUR))];
    let success = ConsolidationSuccess { selection, ..Default::default() };
    fixture.lock().succeed(&lease, &success, at(12)).await.expect("the owner may");
    assert_eq!(forgotten(fixture).await, [id(1), id(2)]);
}

/// The lock may be claimed for work that is no consolidation, and the stored folder stays.
pub async fn lock_without_a_folder_keeps_the_stored_one<F: Fixture>(fixture: &F) {
    let lease = locked(fixture, 0, 0).await;
    fixture.lock().release(&lease).await.expect("the owner may");
    let request = ConsolidationRequest { force: true, root: None, ..lock_request(fixture, 0, 1) };
    let claim = fixture.lock().claim(&request).await.expect("claiming must not fail");
    assert!(matches!(claim, ConsolidationClaim::Granted(_)), "{claim:?}");
    assert_eq!(fixture.lock().state().await.expect("reading").root, Some("/home/memories".into()));
}

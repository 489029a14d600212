//! Checks of the lease: one owner at a time, and a token that fences off the others.

use super::fixture::{Fixture, at, commit, granted, listed, term};
use crate::{Acquired, Finish, LeaseError, Progress, Status};

/// A living owner keeps the lease, also against its own name.
///
/// # Panics
///
/// If the implementation does not conform; so do all checks.
pub async fn lease_is_exclusive<F: Fixture>(fixture: &F) {
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    for owner in [1, 0] {
        let second = fixture.progress().acquire(&fixture.owner(owner), term(59, 60)).await;
        let held = Acquired::Held { owner: fixture.owner(0), expires_at: at(60) };
        assert_eq!(second.expect("acquiring must not fail"), held, "a lease that has a second left is held");
    }
    let state = fixture.progress().state().await.expect("the state must be readable");
    assert_eq!(state.lease, Some(lease), "an attempt in vain leaves the lease as it was");
}

/// Every grant has a higher token than the one before, also after the lease was given back.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn token_grows<F: Fixture>(fixture: &F) {
    let mut before = None;
    for round in 0..4 {
        let (lease, _) = granted(fixture, round % 2, term(round as i64 * 100, 60)).await;
        assert!(
            before.is_none_or(|before| lease.token == before + 1),
            "the token grows by one: {before:?}, {lease:?}"
        );
        before = Some(lease.token);
        let finish = if round == 1 { Finish::Complete } else { Finish::Interrupted };
        if round != 2 {
            fixture
                .progress()
                .finish(&lease, finish, at(0))
                .await
                .expect("the owner may give the lease back");
        }
    }
}

/// A lease whose time has come is granted to whoever asks.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn expired_lease_is_taken_over<F: Fixture>(fixture: &F) {
    granted(fixture, 0, term(0, 60)).await;
    let (lease, _) = granted(fixture, 1, term(60, 60)).await;
    assert_eq!(lease.owner, fixture.owner(1), "the lease names its owner");
    assert_eq!(lease.expires_at, at(120), "the lease lasts as long as was asked");
    let state = fixture.progress().state().await.expect("the state must be readable");
    assert_eq!(state.lease, Some(lease), "the state shows the new owner");
    assert_eq!(state.status, Status::Running, "a lease that is held means running");
}

/// A heartbeat makes the lease last.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn heartbeat_prolongs_the_lease<F: Fixture>(fixture: &F) {
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    fixture.progress().heartbeat(&lease, term(40, 60)).await.expect("the owner may renew its lease");
    let second = fixture.progress().acquire(&fixture.owner(1), term(99, 60)).await;
    let held = Acquired::Held { owner: fixture.owner(0), expires_at: at(100) };
    assert_eq!(second.expect("acquiring must not fail"), held, "a renewed lease is held");
    granted(fixture, 1, term(100, 60)).await;
}

/// An expired lease that nobody has taken over can be renewed.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn expired_lease_that_nobody_took_is_good<F: Fixture>(fixture: &F) {
    fixture.put(0, 1).await;
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    fixture
        .progress()
        .heartbeat(&lease, term(90, 60))
        .await
        .expect("an expired lease that is still ours is renewed");
    let items = listed(fixture).await;
    commit(fixture, &lease, &items, term(200, 60))
        .await
        .expect("an expired lease that is still ours may commit");
    assert_eq!(fixture.rows().await.len(), 1, "the commit has written");
}

/// Whoever lost the lease can neither renew it nor give it back.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn stale_lease_is_refused<F: Fixture>(fixture: &F) {
    let (old, _) = granted(fixture, 0, term(0, 60)).await;
    granted(fixture, 1, term(60, 60)).await;
    let progress = fixture.progress();
    let before = progress.state().await.expect("the state must be readable");
    let renewed = progress.heartbeat(&old, term(61, 600)).await;
    assert!(matches!(renewed, Err(LeaseError::Lost)), "a stale lease is not renewed: {renewed:?}");
    for finish in [Finish::Complete, Finish::Interrupted] {
        let finished = progress.finish(&old, finish, at(61)).await;
        assert!(matches!(finished, Err(LeaseError::Lost)), "a stale lease is not given back: {finished:?}");
    }
    let after = progress.state().await.expect("the state must be readable");
    assert_eq!(before, after, "a stale lease changes nothing");
}

/// A lease that was given back is no longer one, although its token is still the highest.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn lease_given_back_is_lost<F: Fixture>(fixture: &F) {
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    let progress = fixture.progress();
    progress.finish(&lease, Finish::Complete, at(1)).await.expect("the owner may give the lease back");
    let renewed = progress.heartbeat(&lease, term(2, 60)).await;
    assert!(
        matches!(renewed, Err(LeaseError::Lost)),
        "a lease that was given back is not renewed: {renewed:?}"
    );
    let finished = progress.finish(&lease, Finish::Interrupted, at(2)).await;
    assert!(matches!(finished, Err(LeaseError::Lost)), "a lease is given back once: {finished:?}");
    let state = progress.state().await.expect("the state must be readable");
    assert_eq!((state.status, state.lease), (Status::Complete, None), "the first finish counts");
}

/// The status is pending, running, complete; and complete is not for ever.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn status_follows_the_run<F: Fixture>(fixture: &F) {
    let progress = fixture.progress();
    let state = async || {
        let state = progress.state().await.expect("the state must be readable");
        (state.status, state.last_success_at, state.lease.is_some())
    };
    assert_eq!(state().await, (Status::Pending, None, false), "nothing has run yet");
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    assert_eq!(state().await, (Status::Running, None, true), "a run is under way");
    progress.finish(&lease, Finish::Interrupted, at(5)).await.expect("the owner may give the lease back");
    assert_eq!(state().await, (Status::Pending, None, false), "an interrupted run is no success");
    let (lease, _) = granted(fixture, 0, term(10, 60)).await;
    progress.finish(&lease, Finish::Complete, at(15)).await.expect("the owner may give the lease back");
    assert_eq!(state().await, (Status::Complete, Some(at(15)), false), "a run went through");
    let (lease, _) = granted(fixture, 0, term(20, 60)).await;
    assert_eq!(
        state().await,
        (Status::Running, Some(at(15)), true),
        "the last success stays while a run is under way"
    );
    progress.finish(&lease, Finish::Interrupted, at(25)).await.expect("the owner may give the lease back");
    assert_eq!(state().await, (Status::Pending, Some(at(15)), false), "and after an interrupted one");
}

/// The next owner is told how far an unfinished pass came, and nothing after a complete one.
///
/// # Panics
///
/// If the implementation does not conform.
pub async fn watermark_survives_an_interruption<F: Fixture>(fixture: &F) {
    for number in 0..2 {
        fixture.put(number, 1).await;
    }
    let items = listed(fixture).await;
    let (killed, watermark) = granted(fixture, 0, term(0, 60)).await;
    assert_eq!(watermark, None, "nothing has run yet");
    commit(fixture, &killed, &items[..1], term(1, 60)).await.expect("the owner may commit");
    let (lease, watermark) = granted(fixture, 1, term(61, 60)).await;
    assert_eq!(watermark, Some(fixture.key(0)), "a run that died leaves its watermark");
    fixture
        .progress()
        .finish(&lease, Finish::Interrupted, at(62))
        .await
        .expect("the owner may give the lease back");
    let (lease, watermark) = granted(fixture, 0, term(63, 60)).await;
    assert_eq!(watermark, Some(fixture.key(0)), "an interrupted run leaves the watermark");
    commit(fixture, &lease, &items[1..], term(64, 60)).await.expect("the owner may commit");
    let state = fixture.progress().state().await.expect("the state must be readable");
    assert_eq!(state.watermark, Some(fixture.key(1)), "a commit moves the watermark");
    fixture
        .progress()
        .finish(&lease, Finish::Complete, at(65))
        .await
        .expect("the owner may give the lease back");
    let (_, watermark) = granted(fixture, 0, term(66, 60)).await;
    assert_eq!(watermark, None, "a complete run leaves none");
}

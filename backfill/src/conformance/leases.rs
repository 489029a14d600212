//! Checks of the lease: one owner at a time, and a token that fences off the others.

use super::fixture::{
    Fixture, at, commit, commit_all, give_back, granted, listed, put, refused, state_of, term,
};
use crate::BackfillStatus::{Complete, Pending, Running};
use crate::{Finish, Progress, WriteError};

/// A living owner keeps the lease, also against its own name.
pub async fn lease_is_exclusive<F: Fixture>(fixture: &F) {
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    for owner in [1, 0] {
        // It has a second left.
        refused(fixture, owner, term(59, 60), at(60)).await;
    }
    let state = state_of(fixture).await;
    assert_eq!(state.lease, Some(lease), "an attempt in vain leaves the lease as it was");
}

/// Every grant has a higher token than the one before, also after the lease was given back.
pub async fn token_grows<F: Fixture>(fixture: &F) {
    let mut before = None;
    for round in 0..4 {
        let (lease, _) = granted(fixture, round % 2, term(round as i64 * 100, 60)).await;
        let grown = before.is_none_or(|before| lease.token == before + 1);
        assert!(grown, "the token grows by one: {before:?}, {lease:?}");
        before = Some(lease.token);
        let finish = if round == 1 { Finish::Complete } else { Finish::Interrupted };
        if round != 2 {
            give_back(fixture, &lease, finish, at(0)).await;
        }
    }
}

/// An expired lease is granted to the next owner.
pub async fn expired_lease_is_taken_over<F: Fixture>(fixture: &F) {
    granted(fixture, 0, term(0, 60)).await;
    let (lease, _) = granted(fixture, 1, term(60, 60)).await;
    assert_eq!(lease.owner, fixture.owner(1), "the lease names its owner");
    assert_eq!(lease.expires_at, at(120), "the lease lasts as long as was asked");
    let state = state_of(fixture).await;
    assert_eq!(state.lease, Some(lease), "the state shows the new owner");
    assert_eq!(state.status, Running, "a lease that is held means running");
}

/// A heartbeat makes the lease last.
pub async fn heartbeat_prolongs_the_lease<F: Fixture>(fixture: &F) {
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    fixture.progress().heartbeat(&lease, term(40, 60)).await.expect("the owner may renew its lease");
    refused(fixture, 1, term(99, 60), at(100)).await;
    granted(fixture, 1, term(100, 60)).await;
}

/// An expired lease can be renewed as long as no other owner has taken it over.
pub async fn expired_lease_that_no_owner_took_is_good<F: Fixture>(fixture: &F) {
    fixture.put(0, 1).await;
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    let renewed = fixture.progress().heartbeat(&lease, term(90, 60)).await;
    renewed.expect("an expired lease that is still ours is renewed");
    commit_all(fixture, &lease, term(200, 60)).await;
    assert_eq!(fixture.rows().await.len(), 1, "the commit has written");
}

/// An owner that lost the lease can neither renew it nor give it back.
pub async fn stale_lease_is_refused<F: Fixture>(fixture: &F) {
    let (old, _) = granted(fixture, 0, term(0, 60)).await;
    granted(fixture, 1, term(60, 60)).await;
    let progress = fixture.progress();
    let before = state_of(fixture).await;
    let renewed = progress.heartbeat(&old, term(61, 600)).await;
    assert!(matches!(renewed, Err(WriteError::LeaseLost)), "a stale lease is not renewed: {renewed:?}");
    for finish in [Finish::Complete, Finish::Interrupted] {
        let finished = progress.finish(&old, finish, at(61)).await;
        assert!(
            matches!(finished, Err(WriteError::LeaseLost)),
            "a stale lease is not given back: {finished:?}"
        );
    }
    let after = state_of(fixture).await;
    assert_eq!(before, after, "a stale lease changes nothing");
}

/// A lease that was given back is void, although its token is still the highest.
pub async fn lease_given_back_is_lost<F: Fixture>(fixture: &F) {
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    let progress = fixture.progress();
    give_back(fixture, &lease, Finish::Complete, at(1)).await;
    let renewed = progress.heartbeat(&lease, term(2, 60)).await;
    assert!(matches!(renewed, Err(WriteError::LeaseLost)), "it is not renewed: {renewed:?}");
    let finished = progress.finish(&lease, Finish::Interrupted, at(2)).await;
    assert!(matches!(finished, Err(WriteError::LeaseLost)), "it is given back once: {finished:?}");
    let state = state_of(fixture).await;
    assert_eq!((state.status, state.lease), (Complete, None), "the first finish counts");
}

/// The status is pending, running, complete, and running again.
pub async fn status_follows_the_run<F: Fixture>(fixture: &F) {
    let state = async || {
        let state = state_of(fixture).await;
        (state.status, state.last_success_at, state.lease.is_some())
    };
    assert_eq!(state().await, (Pending, None, false), "nothing has run yet");
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    assert_eq!(state().await, (Running, None, true), "a run is under way");
    give_back(fixture, &lease, Finish::Interrupted, at(5)).await;
    assert_eq!(state().await, (Pending, None, false), "an interrupted run is no success");
    let (lease, _) = granted(fixture, 0, term(10, 60)).await;
    give_back(fixture, &lease, Finish::Complete, at(15)).await;
    assert_eq!(state().await, (Complete, Some(at(15)), false), "a run went through");
    let (lease, _) = granted(fixture, 0, term(20, 60)).await;
    assert_eq!(state().await, (Running, Some(at(15)), true), "the last success stays");
    give_back(fixture, &lease, Finish::Interrupted, at(25)).await;
    assert_eq!(state().await, (Pending, Some(at(15)), false), "and after an interrupted one");
}

/// The next owner gets the watermark of an unfinished pass, and none after a complete one.
pub async fn watermark_survives_an_interruption<F: Fixture>(fixture: &F) {
    put(fixture, 2).await;
    let items = listed(fixture).await;
    let (killed, watermark) = granted(fixture, 0, term(0, 60)).await;
    assert_eq!(watermark, None, "nothing has run yet");
    commit(fixture, &killed, &items[..1], term(1, 60)).await.expect("the owner may commit");
    let (lease, watermark) = granted(fixture, 1, term(61, 60)).await;
    assert_eq!(watermark, Some(fixture.key(0)), "a run that died leaves its watermark");
    give_back(fixture, &lease, Finish::Interrupted, at(62)).await;
    let (lease, watermark) = granted(fixture, 0, term(63, 60)).await;
    assert_eq!(watermark, Some(fixture.key(0)), "an interrupted run leaves the watermark");
    commit(fixture, &lease, &items[1..], term(64, 60)).await.expect("the owner may commit");
    let state = state_of(fixture).await;
    assert_eq!(state.watermark, Some(fixture.key(1)), "a commit moves the watermark");
    give_back(fixture, &lease, Finish::Complete, at(65)).await;
    let (_, watermark) = granted(fixture, 0, term(66, 60)).await;
    assert_eq!(watermark, None, "a complete run leaves none");
}

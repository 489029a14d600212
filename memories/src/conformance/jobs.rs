//! Checks of claims.

use super::Fixture;
use super::fixture::{HOUR, at, claim, claim_one, consider, id, put, request, succeed, thread};
use crate::in_memory::InMemoryThread;
use crate::{SkipReason, Term, WriteError};

/// Claims come the latest update first, at most so many, and none twice.
pub async fn latest_thread_is_claimed_first<F: Fixture>(fixture: &F) {
    for (number, hours) in [(1, 30), (2, 20), (3, 40)] {
        put(fixture, number, hours).await;
    }
    let mut ask = request(fixture, 0, 0);
    ask.limit = 2;
    let first = fixture.jobs().claim(&ask).await.expect("claiming must not fail");
    assert_eq!(first.iter().map(|it| it.thread.id).collect::<Vec<_>>(), [id(2), id(1)]);
    assert_eq!(first[0].thread, thread(2, 20).facts, "a claim has the thread's facts");
    assert_eq!((first[0].attempt, first[0].lease.owner.as_str()), (1, fixture.owner(0).as_str()));
    let rest = claim(fixture, 0).await;
    assert_eq!(rest.iter().map(|it| it.thread.id).collect::<Vec<_>>(), [id(3)]);
    assert!(claim(fixture, 0).await.is_empty());
}

/// Each thread that is not claimed has its reason.
pub async fn every_skip_has_a_reason<F: Fixture>(fixture: &F) {
    let users = |number| thread(number, 24);
    let cases: Vec<(InMemoryThread, SkipReason)> = vec![
        (InMemoryThread { is_users: false, ..users(1) }, SkipReason::Kind),
        (InMemoryThread { source: "mcp".to_owned(), ..users(2) }, SkipReason::Source),
        (InMemoryThread { source: "exec".to_owned(), ..users(3) }, SkipReason::Source),
        (InMemoryThread { missing: true, ..users(4) }, SkipReason::Missing),
        (InMemoryThread { archived: true, ..users(5) }, SkipReason::Archived),
        (InMemoryThread { memory_off: true, ..users(6) }, SkipReason::MemoryOff),
        (thread(7, 31 * 24), SkipReason::TooOld),
        (thread(8, 11), SkipReason::TooRecent),
        (users(9), SkipReason::Current),
    ];
    let mut ask = request(fixture, 0, 0);
    ask.rules.current_thread = Some(id(9));
    for (thread, _) in &cases {
        fixture.put_thread(thread).await;
    }
    let claimed = fixture.jobs().claim(&ask).await.expect("claiming must not fail");
    assert!(claimed.is_empty(), "none is eligible: {claimed:?}");
    let considered = fixture.jobs().consider(&ask).await.expect("reading must not fail");
    for (thread, reason) in cases {
        let it = considered.iter().find(|it| it.thread.id == thread.facts.id).expect("considered");
        assert_eq!(it.skip, Some(reason), "{}", thread.source);
    }
    // The same with every option on.
    (ask.rules.include_exec, ask.rules.include_archived, ask.rules.current_thread) = (true, true, None);
    let claimed = fixture.jobs().claim(&ask).await.expect("claiming must not fail");
    let mut claimed: Vec<_> = claimed.iter().map(|it| it.thread.id).collect();
    claimed.sort();
    assert_eq!(claimed, [id(3), id(5), id(9)]);
}

/// A thread that is only too recent becomes eligible at the reported time.
pub async fn time_alone_makes_a_thread_eligible<F: Fixture>(fixture: &F) {
    put(fixture, 1, 11).await;
    let it = consider(fixture, id(1), 0).await;
    assert_eq!((it.skip, it.eligible_at), (Some(SkipReason::TooRecent), Some(at(HOUR))));
    assert!(claim(fixture, HOUR - 1).await.is_empty());
    assert_eq!(claim(fixture, HOUR).await.len(), 1);
}

/// Many fresh threads do not keep an eligible one from being claimed.
pub async fn fresh_threads_do_not_starve_an_eligible_one<F: Fixture>(fixture: &F) {
    for number in 0..200 {
        put(fixture, number, 1).await;
    }
    put(fixture, 1_000, 13).await;
    let mut ask = request(fixture, 0, 0);
    ask.limit = 1;
    let claimed = fixture.jobs().claim(&ask).await.expect("claiming must not fail");
    assert_eq!(claimed[0].thread.id, id(1_000));
}

/// Jobs of all owners count, and expired leases do not.
pub async fn running_jobs_are_limited<F: Fixture>(fixture: &F) {
    for number in 0..5 {
        put(fixture, number, 24).await;
    }
    let mut ask = request(fixture, 0, 0);
    ask.rules.max_running = 3;
    assert_eq!(fixture.jobs().claim(&ask).await.expect("claiming").len(), 3);
    let considered = fixture.jobs().consider(&ask).await.expect("reading must not fail");
    let limited = considered.iter().filter(|it| it.skip == Some(SkipReason::LimitReached)).count();
    assert_eq!(limited, 2);
    ask.owner = fixture.owner(1);
    assert!(fixture.jobs().claim(&ask).await.expect("claiming").is_empty());
    ask.term = Term { now: at(HOUR), expires_at: at(2 * HOUR) };
    assert_eq!(fixture.jobs().claim(&ask).await.expect("claiming").len(), 3);
}

/// Claims at the same time never exceed the limit together, and none has a thread twice.
pub async fn concurrent_claims_keep_the_limit<F: Fixture>(fixture: &F) {
    for number in 0..40 {
        put(fixture, number, 24).await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for owner in 0..8 {
        let mut ask = request(fixture, owner, 0);
        (ask.rules.max_running, ask.limit) = (20, 7);
        let jobs = fixture.jobs();
        tasks.spawn(async move { jobs.claim(&ask).await.expect("claiming must not fail") });
    }
    let claims = tasks.join_all().await;
    let mut ids: Vec<_> = claims.iter().flatten().map(|claim| claim.thread.id).collect();
    ids.sort();
    ids.dedup();
    let claimed: usize = claims.iter().map(Vec::len).sum();
    assert_eq!((claimed, ids.len()), (20, 20));
}

/// An expired lease is taken over, and its worker can write nothing any more.
pub async fn expired_lease_is_taken_over<F: Fixture>(fixture: &F) {
    put(fixture, 1, 24).await;
    let slow = claim_one(fixture, 0).await;
    assert!(fixture.jobs().claim(&request(fixture, 1, HOUR - 1)).await.expect("claiming").is_empty());
    assert_eq!(consider(fixture, id(1), 1).await.skip, Some(SkipReason::Running));
    let taken = fixture.jobs().claim(&request(fixture, 1, HOUR)).await.expect("claiming");
    assert_eq!((taken.len(), taken[0].attempt), (1, 2));
    let lost = fixture.jobs().succeed(&slow.lease, &Default::default(), at(HOUR + 1)).await;
    assert!(matches!(lost, Err(WriteError::LeaseLost)), "{lost:?}");
    let term = Term { now: at(HOUR), expires_at: at(2 * HOUR) };
    let lost = fixture.jobs().heartbeat(&slow.lease, term).await;
    assert!(matches!(lost, Err(WriteError::LeaseLost)), "{lost:?}");
    let lost = fixture.jobs().release(&slow.lease).await;
    assert!(matches!(lost, Err(WriteError::LeaseLost)), "{lost:?}");
    succeed(fixture, &taken[0].lease, 1, HOUR + 1).await;
}

/// A renewed lease lasts until its new expiry.
pub async fn heartbeat_prolongs_a_lease<F: Fixture>(fixture: &F) {
    put(fixture, 1, 24).await;
    let held = claim_one(fixture, 0).await;
    let term = Term { now: at(HOUR - 1), expires_at: at(2 * HOUR) };
    fixture.jobs().heartbeat(&held.lease, term).await.expect("the owner may renew");
    assert!(claim(fixture, 2 * HOUR - 1).await.is_empty());
    assert_eq!(claim(fixture, 2 * HOUR).await.len(), 1);
}

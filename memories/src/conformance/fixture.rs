//! The fixture that an implementation provides, and helpers that use the ports by hand.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use crate::in_memory::InMemoryThread;
use crate::{
    Claim, ClaimRequest, Considered, ConsolidationClaim, ConsolidationLease, ConsolidationLock,
    ConsolidationRequest, Eligibility, JobLease, Memory, Selection, StageOneJobs, StageOneOutput,
    StageOneOutputs, Term, ThreadFacts,
};

/// An implementation under test, without threads.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// Returns the jobs.
    fn jobs(&self) -> Arc<dyn StageOneJobs>;

    /// Returns the memories.
    fn outputs(&self) -> Arc<dyn StageOneOutputs>;

    /// Returns the lock.
    fn lock(&self) -> Arc<dyn ConsolidationLock>;

    /// Adds or replaces a thread.
    async fn put_thread(&self, thread: &InMemoryThread);

    /// Deletes a thread as a user does.
    async fn delete_thread(&self, id: Uuid);

    /// Returns an owner name for a lease. If the implementation can prove owners dead, these must
    /// count as alive.
    fn owner(&self, number: usize) -> String {
        format!("owner {number}")
    }
}

/// Number of seconds of an hour.
pub(super) const HOUR: i64 = 3_600;

/// Returns the instant at which the suite's time begins, plus some seconds.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_782_820_800 + seconds).expect("the suite's times are within jiff's range")
}

/// Returns the id of a thread. It grows with the number.
pub(super) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 + number)
}

/// Returns a thread of a user's, last updated so many hours before the suite's time.
pub(super) fn thread(number: u128, hours_ago: i64) -> InMemoryThread {
    let id = id(number);
    InMemoryThread::new(ThreadFacts {
        id,
        title: Some(format!("title {number}")),
        cwd: Some("/project".to_owned()),
        git_branch: Some("main".to_owned()),
        rollout_path: format!("sessions/2026/06/01/rollout-2026-06-01T00-00-00-{id}.jsonl"),
        updated_at: at(-hours_ago * HOUR),
    })
}

/// Adds a thread of a user's.
pub(super) async fn put<F: Fixture>(fixture: &F, number: u128, hours_ago: i64) {
    fixture.put_thread(&thread(number, hours_ago)).await;
}

/// Makes the request of an owner, `now` seconds after the suite's time, for leases of an hour.
pub(super) fn request<F: Fixture>(fixture: &F, owner: usize, now: i64) -> ClaimRequest {
    let term = Term { now: at(now), expires_at: at(now + HOUR) };
    ClaimRequest { owner: fixture.owner(owner), term, limit: 100, rules: Eligibility::default() }
}

/// Claims all that owner 0 can have.
pub(super) async fn claim<F: Fixture>(fixture: &F, now: i64) -> Vec<Claim> {
    fixture.jobs().claim(&request(fixture, 0, now)).await.expect("claiming must not fail")
}

/// Claims the only eligible thread.
pub(super) async fn claim_one<F: Fixture>(fixture: &F, now: i64) -> Claim {
    let mut claims = claim(fixture, now).await;
    assert_eq!(claims.len(), 1, "one thread must be eligible");
    claims.remove(0)
}

/// Returns what a claim would do with a thread.
pub(super) async fn consider<F: Fixture>(fixture: &F, thread: Uuid, now: i64) -> Considered {
    let all = fixture.jobs().consider(&request(fixture, 0, now)).await.expect("reading must not fail");
    all.into_iter().find(|it| it.thread.id == thread).expect("the thread must be considered")
}

/// Returns an output that differs from that of another number.
pub(super) fn output(number: u128) -> StageOneOutput {
    StageOneOutput {
        rollout_summary: format!("summary {number}"),
        raw_memory: format!("memory {number}"),
        slug: Some(format!("slug_{number}")),
    }
}

/// Stores the output of a claimed job.
pub(super) async fn succeed<F: Fixture>(fixture: &F, lease: &JobLease, number: u128, now: i64) {
    let stored = fixture.jobs().succeed(lease, &output(number), at(now)).await;
    stored.expect("the owner may store its output");
}

/// Adds threads with these numbers, whose memories are made one second after another, in order.
pub(super) async fn remembered<F: Fixture>(fixture: &F, numbers: impl IntoIterator<Item = u128>) {
    for (now, number) in (0..).zip(numbers) {
        put(fixture, number, 24).await;
        let claim = claim_one(fixture, now).await;
        succeed(fixture, &claim.lease, number, now).await;
    }
}

/// Selects memories that were used or made since a time, at most so many.
pub(super) async fn select<F: Fixture>(fixture: &F, limit: u32, since: i64) -> Vec<Memory> {
    let selection = Selection { limit, unused_since: at(since) };
    fixture.outputs().select(selection).await.expect("selecting must not fail")
}

/// Returns the ids of memories.
pub(super) fn ids(memories: &[Memory]) -> Vec<Uuid> {
    memories.iter().map(|memory| memory.thread.id).collect()
}

/// Makes the request of an owner for the lock, with a cool-down of six hours.
pub(super) fn lock_request<F: Fixture>(fixture: &F, owner: usize, now: i64) -> ConsolidationRequest {
    ConsolidationRequest {
        owner: fixture.owner(owner),
        term: Term { now: at(now), expires_at: at(now + HOUR) },
        cooldown: Duration::from_secs(6 * 3_600),
        force: false,
        root: Some("/home/memories".into()),
    }
}

/// Requests the lock.
pub(super) async fn ask<F: Fixture>(fixture: &F, owner: usize, now: i64) -> ConsolidationClaim {
    let claimed = fixture.lock().claim(&lock_request(fixture, owner, now)).await;
    claimed.expect("claiming must not fail")
}

/// Requests the lock, which must be free.
pub(super) async fn locked<F: Fixture>(fixture: &F, owner: usize, now: i64) -> ConsolidationLease {
    match ask(fixture, owner, now).await {
        ConsolidationClaim::Granted(lease) => lease,
        other => panic!("the lock must be granted: {other:?}"),
    }
}

/// Returns the threads whose words may still stand in consolidated files.
pub(super) async fn forgotten<F: Fixture>(fixture: &F) -> Vec<Uuid> {
    fixture.lock().state().await.expect("reading must not fail").forgotten
}

//! Checks of results of jobs.

use std::collections::BTreeMap;

use super::Fixture;
use super::fixture::{HOUR, at, claim, claim_one, consider, id, output, put, request, succeed};
use crate::{JobFailure, SkipReason, Term, WriteError};

/// A success is a memory of the state that was claimed, and the thread is up to date.
pub async fn success_stores_the_memory<F: Fixture>(fixture: &F) {
    put(fixture, 1, 24).await;
    let job = claim_one(fixture, 0).await;
    succeed(fixture, &job.lease, 1, 5).await;
    let memory = fixture.outputs().get(id(1)).await.expect("reading").expect("a memory");
    assert_eq!((&memory.thread, &memory.output), (&job.thread, &output(1)));
    assert_eq!((memory.generated_at, memory.usage_count, memory.last_used_at), (at(5), 0, None));
    assert!(!memory.selected);
    assert_eq!(consider(fixture, id(1), 2 * HOUR).await.skip, Some(SkipReason::UpToDate));
    let twice = fixture.jobs().succeed(&job.lease, &output(2), at(6)).await;
    assert!(matches!(twice, Err(WriteError::LeaseLost)), "a job ends once: {twice:?}");
}

/// A later update is extracted again. Usage of the memory stays.
pub async fn update_makes_a_thread_eligible_again<F: Fixture>(fixture: &F) {
    put(fixture, 1, 24).await;
    let job = claim_one(fixture, 0).await;
    succeed(fixture, &job.lease, 1, 0).await;
    fixture.outputs().record_usage(&[id(1)], at(1)).await.expect("recording");
    put(fixture, 1, 20).await;
    let job = claim_one(fixture, 2).await;
    assert_eq!(job.attempt, 1);
    succeed(fixture, &job.lease, 2, 3).await;
    let memory = fixture.outputs().get(id(1)).await.expect("reading").expect("a memory");
    assert_eq!((memory.thread.updated_at, memory.output), (at(-20 * HOUR), output(2)));
    assert_eq!((memory.usage_count, memory.last_used_at), (1, Some(at(1))));
}

/// An empty output is a success, and an earlier memory goes.
pub async fn nothing_to_remember_removes_the_memory<F: Fixture>(fixture: &F) {
    put(fixture, 1, 24).await;
    let job = claim_one(fixture, 0).await;
    succeed(fixture, &job.lease, 1, 0).await;
    put(fixture, 1, 20).await;
    let job = claim_one(fixture, 1).await;
    fixture.jobs().succeed_without_output(&job.lease, "empty answer", at(2)).await.expect("the owner may");
    assert_eq!(fixture.outputs().get(id(1)).await.expect("reading"), None);
    let it = consider(fixture, id(1), 3).await;
    assert_eq!((it.skip, it.reason.as_deref()), (Some(SkipReason::UpToDate), Some("empty answer")));
}

/// A failed job waits, is tried three times more, and a new update begins again.
pub async fn failure_backs_off_and_ends<F: Fixture>(fixture: &F) {
    put(fixture, 1, 24).await;
    for attempt in 1..=4 {
        let now = i64::from(attempt) * HOUR;
        let job = claim_one(fixture, now).await;
        assert_eq!(job.attempt, attempt);
        let failure =
            JobFailure { reason: "server is busy".into(), retry_at: Some(at(now + HOUR)), uses_try: true };
        fixture.jobs().fail(&job.lease, &failure, at(now)).await.expect("the owner may");
        let it = consider(fixture, id(1), now + 1).await;
        assert_eq!(it.reason.as_deref(), Some("server is busy"));
        if attempt < 4 {
            assert_eq!((it.skip, it.eligible_at), (Some(SkipReason::Waiting), Some(at(now + HOUR))));
        }
        assert!(claim(fixture, now + HOUR - 1).await.is_empty());
    }
    assert_eq!(consider(fixture, id(1), 6 * HOUR).await.skip, Some(SkipReason::NoRetriesLeft));
    assert!(claim(fixture, 6 * HOUR).await.is_empty());
    put(fixture, 1, 20).await;
    assert_eq!(claim_one(fixture, 6 * HOUR).await.attempt, 1);
}

/// A failure that no other try would change ends the job.
pub async fn permanent_failure_ends_at_once<F: Fixture>(fixture: &F) {
    put(fixture, 1, 24).await;
    let job = claim_one(fixture, 0).await;
    let failure = JobFailure { reason: "the key is wrong".into(), retry_at: None, uses_try: true };
    fixture.jobs().fail(&job.lease, &failure, at(0)).await.expect("the owner may");
    assert_eq!(consider(fixture, id(1), HOUR).await.skip, Some(SkipReason::NoRetriesLeft));
}

/// A failure that is not the thread's waits, and leaves its tries.
pub async fn failure_of_the_model_uses_no_try<F: Fixture>(fixture: &F) {
    put(fixture, 1, 24).await;
    for now in (0..10).map(|hours| hours * HOUR) {
        let job = claim_one(fixture, now).await;
        assert_eq!(job.attempt, 1);
        let failure =
            JobFailure { reason: "no server".into(), retry_at: Some(at(now + HOUR)), uses_try: false };
        fixture.jobs().fail(&job.lease, &failure, at(now)).await.expect("the owner may");
        let it = consider(fixture, id(1), now + 1).await;
        assert_eq!((it.skip, it.eligible_at), (Some(SkipReason::Waiting), Some(at(now + HOUR))));
        assert_eq!(it.reason.as_deref(), Some("no server"));
    }
}

/// Jobs that failed before a time begin again if a request says so, once each.
pub async fn failures_are_tried_again_on_request<F: Fixture>(fixture: &F) {
    let failures = [(1, None), (2, Some(at(10 * HOUR)))];
    for (number, retry_at) in failures {
        put(fixture, number, 24).await;
        let job = claim_one(fixture, 0).await;
        let failure = JobFailure { reason: "server is busy".into(), retry_at, uses_try: true };
        fixture.jobs().fail(&job.lease, &failure, at(1)).await.expect("the owner may");
    }
    let mut ask = request(fixture, 0, 2);
    ask.rules.retry_before = Some(at(1));
    assert!(fixture.jobs().claim(&ask).await.expect("claiming").is_empty(), "they failed at that time");
    ask.rules.retry_before = Some(at(2));
    let considered = fixture.jobs().consider(&ask).await.expect("reading must not fail");
    assert!(considered.iter().all(|it| it.skip.is_none()), "{considered:?}");
    let again = fixture.jobs().claim(&ask).await.expect("claiming");
    assert_eq!(again.iter().map(|claim| claim.attempt).collect::<Vec<_>>(), [1, 1]);
    for claim in again {
        let failure = JobFailure { reason: "still".into(), retry_at: None, uses_try: true };
        fixture.jobs().fail(&claim.lease, &failure, at(3)).await.expect("the owner may");
    }
    ask.term = Term { now: at(4), expires_at: at(HOUR) };
    assert!(fixture.jobs().claim(&ask).await.expect("claiming").is_empty(), "the same request is done");
}

/// A job that was given back is as if it had not been claimed.
pub async fn released_job_counts_as_no_attempt<F: Fixture>(fixture: &F) {
    put(fixture, 1, 24).await;
    let job = claim_one(fixture, 0).await;
    fixture.jobs().release(&job.lease).await.expect("the owner may");
    let again = claim_one(fixture, 1).await;
    assert_eq!(again.attempt, 1);
    assert_ne!(again.lease.token, job.lease.token);
    let late = fixture.jobs().succeed(&job.lease, &output(1), at(2)).await;
    assert!(matches!(late, Err(WriteError::LeaseLost)), "{late:?}");
}

/// A worker cannot store what it made of a thread that was deleted meanwhile.
pub async fn deleted_thread_fences_its_worker<F: Fixture>(fixture: &F) {
    put(fixture, 1, 24).await;
    let job = claim_one(fixture, 0).await;
    fixture.delete_thread(id(1)).await;
    let late = fixture.jobs().succeed(&job.lease, &output(1), at(1)).await;
    assert!(matches!(late, Err(WriteError::LeaseLost)), "{late:?}");
    assert!(fixture.outputs().list().await.expect("reading").is_empty());
}

/// A worker cannot store what it made of a thread that was forgotten meanwhile.
pub async fn forgotten_thread_fences_its_worker<F: Fixture>(fixture: &F) {
    put(fixture, 1, 24).await;
    let job = claim_one(fixture, 0).await;
    assert!(!fixture.outputs().forget(id(1)).await.expect("forgetting"));
    let late = fixture.jobs().succeed(&job.lease, &output(1), at(1)).await;
    assert!(matches!(late, Err(WriteError::LeaseLost)), "{late:?}");
    assert_eq!(consider(fixture, id(1), 2).await.skip, Some(SkipReason::UpToDate));
}

/// The counts add up.
pub async fn counts_follow_the_jobs<F: Fixture>(fixture: &F) {
    for number in 1..=5 {
        put(fixture, number, 24 + i64::try_from(number).expect("small")).await;
    }
    put(fixture, 6, 11).await;
    let mut ask = request(fixture, 0, 0);
    ask.limit = 4;
    let claims = fixture.jobs().claim(&ask).await.expect("claiming");
    succeed(fixture, &claims[0].lease, 1, 1).await;
    fixture
        .jobs()
        .succeed_without_output(&claims[1].lease, "empty answer", at(2))
        .await
        .expect("the owner may");
    let failure =
        JobFailure { reason: "server is busy".into(), retry_at: Some(at(2 * HOUR)), uses_try: true };
    fixture.jobs().fail(&claims[2].lease, &failure, at(3)).await.expect("the owner may");
    let counts = fixture.jobs().counts(&request(fixture, 0, 10)).await.expect("counting");
    assert_eq!((counts.running, counts.succeeded, counts.succeeded_no_output), (1, 1, 1));
    assert_eq!((counts.failed, counts.eligible), (1, 1));
    let skipped = [
        (SkipReason::TooRecent, 1),
        (SkipReason::UpToDate, 2),
        (SkipReason::Running, 1),
        (SkipReason::Waiting, 1),
    ];
    assert_eq!(counts.skipped, BTreeMap::from(skipped));
    assert_eq!(counts.next_eligible_at, Some(at(HOUR)));
    assert_eq!(counts.last_success_at, Some(at(2)));
    assert_eq!(counts.failures, [("server is busy".to_owned(), 1)]);
}

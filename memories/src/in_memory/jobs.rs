//! Jobs in memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::data::{Data, Job, JobState};
use super::{InMemoryStore, InMemoryThread};
use crate::{
    BoxError, Claim, ClaimRequest, Considered, JobCounts, JobFailure, JobLease, Memory, SkipReason,
    StageOneJobs, StageOneOutput, Term, WriteError,
};

#[async_trait]
impl StageOneJobs for InMemoryStore {
    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<Claim>, BoxError> {
        let mut data = self.data();
        let claimed = considered(&data, request).into_iter().filter(|it| it.skip.is_none());
        let threads: Vec<_> = claimed.map(|it| it.thread).take(request.limit as usize).collect();
        let claim = |thread: crate::ThreadFacts| {
            data.token += 1;
            let token = data.token;
            let earlier = data.jobs.get(&thread.id).filter(|job| job.input == thread.updated_at);
            let earlier = earlier.filter(|job| !job.begins_again(&request.rules));
            let attempt = earlier.map_or(0, |job| job.attempts) + 1;
            let (owner, expires_at) = (request.owner.clone(), request.term.expires_at);
            let lease = JobLease { thread_id: thread.id, owner: owner.clone(), token };
            let state = JobState::Running { owner, expires_at };
            let job = Job { state, token, attempts: attempt, input: thread.updated_at, finished_at: None };
            data.jobs.insert(thread.id, job);
            Claim { lease, thread, attempt }
        };
        Ok(threads.into_iter().map(claim).collect())
    }

    async fn heartbeat(&self, lease: &JobLease, term: Term) -> Result<(), WriteError> {
        let state = JobState::Running { owner: lease.owner.clone(), expires_at: term.expires_at };
        held(&mut self.data(), lease)?.state = state;
        Ok(())
    }

    async fn succeed(
        &self,
        lease: &JobLease,
        output: &StageOneOutput,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let mut data = self.data();
        let input = end(&mut data, lease, JobState::Succeeded, now)?;
        let mut thread = data.threads.get(&lease.thread_id).ok_or(WriteError::LeaseLost)?.facts.clone();
        thread.updated_at = input;
        let earlier = data.memories.remove(&lease.thread_id);
        let memory = Memory {
            thread,
            output: output.clone(),
            generated_at: now,
            usage_count: earlier.as_ref().map_or(0, |memory| memory.usage_count),
            last_used_at: earlier.as_ref().and_then(|memory| memory.last_used_at),
            selected: earlier.is_some_and(|memory| memory.selected),
        };
        data.memories.insert(lease.thread_id, memory);
        Ok(())
    }

    async fn succeed_without_output(
        &self,
        lease: &JobLease,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let mut data = self.data();
        end(&mut data, lease, JobState::NoOutput(reason.to_owned()), now)?;
        data.memories.remove(&lease.thread_id);
        Ok(())
    }

    async fn fail(&self, lease: &JobLease, failure: &JobFailure, now: Timestamp) -> Result<(), WriteError> {
        let JobFailure { reason, retry_at, uses_try } = failure.clone();
        let mut data = self.data();
        held(&mut data, lease)?.attempts -= u32::from(!uses_try);
        end(&mut data, lease, JobState::Failed { reason, retry_at }, now).map(drop)
    }

    async fn release(&self, lease: &JobLease) -> Result<(), WriteError> {
        let mut data = self.data();
        let job = held(&mut data, lease)?;
        job.state = JobState::Released;
        job.attempts -= 1;
        Ok(())
    }

    async fn consider(&self, request: &ClaimRequest) -> Result<Vec<Considered>, BoxError> {
        Ok(considered(&self.data(), request))
    }

    async fn counts(&self, request: &ClaimRequest) -> Result<JobCounts, BoxError> {
        let data = self.data();
        let mut counts = JobCounts { running: data.running(request.term.now), ..JobCounts::default() };
        let mut failures: BTreeMap<String, u64> = BTreeMap::new();
        for job in data.jobs.values() {
            match &job.state {
                JobState::Succeeded => counts.succeeded += 1,
                JobState::NoOutput(_) => counts.succeeded_no_output += 1,
                JobState::Failed { reason, .. } => {
                    counts.failed += 1;
                    *failures.entry(reason.clone()).or_default() += 1;
                }
                JobState::Running { .. } | JobState::Released => {}
            }
            if job.succeeded() {
                counts.last_success_at = counts.last_success_at.max(job.finished_at);
            }
        }
        for it in considered(&data, request) {
            match it.skip {
                None => counts.eligible += 1,
                Some(reason) => *counts.skipped.entry(reason).or_default() += 1,
            }
            let earliest = counts.next_eligible_at.into_iter().chain(it.eligible_at).min();
            counts.next_eligible_at = earliest;
        }
        counts.failures = failures.into_iter().collect();
        counts.failures.sort_by_key(|(reason, count)| (Reverse(*count), reason.clone()));
        Ok(counts)
    }
}

/// Returns what a claim would do with each thread.
fn considered(data: &Data, request: &ClaimRequest) -> Vec<Considered> {
    let (now, rules) = (request.term.now, &request.rules);
    let mut threads: Vec<&InMemoryThread> = data.threads.values().collect();
    threads.sort_by_key(|thread| Reverse((thread.facts.updated_at, thread.facts.id)));
    let mut room = u64::from(rules.max_running).saturating_sub(data.running(now));
    let consider = |thread: &InMemoryThread| {
        let mut skip = data.skip(thread, rules, now);
        if skip.is_none() && room == 0 {
            skip = Some(SkipReason::LimitReached);
        } else if skip.is_none() {
            room -= 1;
        }
        let job = data.jobs.get(&thread.facts.id);
        let eligible_at = match skip {
            Some(SkipReason::TooRecent) => Some(thread.facts.updated_at + rules.min_idle),
            Some(SkipReason::Waiting) => job.and_then(Job::retry_at),
            _ => None,
        };
        let reason = job.and_then(|job| match &job.state {
            JobState::Failed { reason, .. } | JobState::NoOutput(reason) => Some(reason.clone()),
            _ => None,
        });
        Considered { thread: thread.facts.clone(), skip, eligible_at, reason }
    };
    threads.into_iter().map(consider).collect()
}

/// Returns the job of a lease that still holds.
fn held<'a>(data: &'a mut Data, lease: &JobLease) -> Result<&'a mut Job, WriteError> {
    let job = data.jobs.get_mut(&lease.thread_id).filter(|job| job.token == lease.token);
    job.filter(|job| matches!(job.state, JobState::Running { .. })).ok_or(WriteError::LeaseLost)
}

/// Ends a job, and returns the state of the thread that it was claimed for.
fn end(data: &mut Data, lease: &JobLease, state: JobState, now: Timestamp) -> Result<Timestamp, WriteError> {
    let job = held(data, lease)?;
    job.state = state;
    job.finished_at = Some(now);
    Ok(job.input)
}

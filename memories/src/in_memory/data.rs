//! The data of an in-memory store, and the rules that several of its ports share.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::thread::InMemoryThread;
use crate::{ConsolidationState, Eligibility, KeptFile, Memory, SkipReason};

#[derive(Debug, Default)]
pub(super) struct Data {
    pub(super) threads: BTreeMap<Uuid, InMemoryThread>,
    pub(super) jobs: BTreeMap<Uuid, Job>,
    pub(super) memories: BTreeMap<Uuid, Memory>,
    pub(super) forgotten: BTreeSet<Uuid>,
    pub(super) kept: Vec<KeptFile>,
    pub(super) lock: ConsolidationState,
    pub(super) lock_token: i64,
    pub(super) token: i64,
}

/// Job of a thread.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) state: JobState,
    pub(super) token: i64,
    pub(super) attempts: u32,
    /// State of the thread that it was claimed for.
    pub(super) input: Timestamp,
    pub(super) finished_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum JobState {
    Running {
        owner: String,
        expires_at: Timestamp,
    },
    Succeeded,
    NoOutput(String),
    Failed {
        reason: String,
        retry_at: Option<Timestamp>,
    },
    /// Given back.
    Released,
}

impl Data {
    /// Returns the number of jobs whose lease has not expired.
    pub(super) fn running(&self, now: Timestamp) -> u64 {
        self.jobs.values().filter(|job| job.runs(now)).count() as u64
    }

    /// Returns the reason why a thread cannot be claimed, the limit of running jobs aside.
    pub(super) fn skip(
        &self,
        thread: &InMemoryThread,
        rules: &Eligibility,
        now: Timestamp,
    ) -> Option<SkipReason> {
        let updated_at = thread.facts.updated_at;
        let interactive = matches!(thread.source.as_str(), "cli" | "vscode")
            || rules.include_exec && thread.source == "exec";
        let job = self.jobs.get(&thread.facts.id);
        let same = job.filter(|job| job.input >= updated_at);
        let tried = same.filter(|job| !job.begins_again(rules));
        let [oldest, newest] = [rules.max_age, rules.min_idle].map(|age| now - age);
        let checks = [
            (!thread.is_users, SkipReason::Kind),
            (!interactive, SkipReason::Source),
            (thread.missing, SkipReason::Missing),
            (thread.archived && !rules.include_archived, SkipReason::Archived),
            (thread.memory_off, SkipReason::MemoryOff),
            (rules.current_thread == Some(thread.facts.id), SkipReason::Current),
            (updated_at < oldest, SkipReason::TooOld),
            (updated_at > newest, SkipReason::TooRecent),
            (same.is_some_and(Job::succeeded), SkipReason::UpToDate),
            (job.is_some_and(|job| job.runs(now)), SkipReason::Running),
            (tried.is_some_and(|job| job.is_given_up(rules)), SkipReason::NoRetriesLeft),
            (tried.is_some_and(|job| job.waits(now)), SkipReason::Waiting),
        ];
        checks.into_iter().find_map(|(holds, reason)| holds.then_some(reason))
    }

    /// Forgets a memory. Returns false if there was none.
    pub(super) fn forget(&mut self, thread: Uuid) -> bool {
        if let Some(job) = self.jobs.get_mut(&thread) {
            // A worker on it loses its lease.
            job.token += 1;
            job.state = JobState::NoOutput("forgotten".to_owned());
        }
        let Some(memory) = self.memories.remove(&thread) else { return false };
        if memory.selected || self.lock.holder.is_some() {
            self.forgotten.insert(thread);
        }
        true
    }
}

impl Job {
    pub(super) fn runs(&self, now: Timestamp) -> bool {
        matches!(self.state, JobState::Running { expires_at, .. } if expires_at > now)
    }

    pub(super) fn succeeded(&self) -> bool {
        matches!(self.state, JobState::Succeeded | JobState::NoOutput(_))
    }

    fn is_given_up(&self, rules: &Eligibility) -> bool {
        match &self.state {
            JobState::Failed { retry_at, .. } => retry_at.is_none() || self.attempts >= rules.max_attempts,
            JobState::Running { .. } => self.attempts >= rules.max_attempts,
            _ => false,
        }
    }

    /// Returns true if what failed until now does not count.
    pub(super) fn begins_again(&self, rules: &Eligibility) -> bool {
        rules.retry_before.is_some_and(|before| self.finished_at.is_none_or(|at| at < before))
    }

    fn waits(&self, now: Timestamp) -> bool {
        self.retry_at().is_some_and(|at| at > now)
    }

    pub(super) fn retry_at(&self) -> Option<Timestamp> {
        match &self.state {
            JobState::Failed { retry_at, .. } => *retry_at,
            _ => None,
        }
    }
}

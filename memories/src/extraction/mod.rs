//! Phase 1: extracts memories from threads, one job a thread, several at a time.

mod input;
mod instructions;
mod job;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use tokio::task::JoinSet;

use crate::{
    BoxError, Claim, ClaimRequest, Clock, Eligibility, Redactor, RolloutText, StageOneJobs, StageOneModel,
    SystemClock, Term, ThreadFacts,
};

/// Options of extractions.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ExtractionOptions {
    /// Owner of the leases, for people and for a store that can prove an owner dead.
    pub owner: String,
    /// Rules for threads.
    pub rules: Eligibility,
    /// Most threads of a run. Default: 64.
    pub limit: usize,
    /// Number of jobs at a time. Default: 8.
    pub concurrency: usize,
    /// Duration of a lease without renewal. A job renews it three times as often. Default: 1 h.
    pub lease_ttl: Duration,
    /// Wait after a first failure; doubled with each further one. Default: 1 h.
    pub backoff: Duration,
    /// Budget of a thread's text, in tokens of about four bytes. Default: 60,000.
    pub input_tokens: usize,
    /// Clock of the leases. Default: [`SystemClock`].
    pub clock: Arc<dyn Clock>,
}

impl ExtractionOptions {
    /// Makes the default options for an owner of leases.
    #[must_use]
    pub fn new(owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            rules: Eligibility::default(),
            limit: 64,
            concurrency: 8,
            lease_ttl: Duration::from_secs(3_600),
            backoff: Duration::from_secs(3_600),
            input_tokens: 60_000,
            clock: Arc::new(SystemClock),
        }
    }

    /// Returns the request that claims at most so many threads now.
    #[must_use]
    pub fn request(&self, limit: usize) -> ClaimRequest {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        ClaimRequest { owner: self.owner.clone(), term: self.term(), limit, rules: self.rules.clone() }
    }

    /// Returns the request for looking at what runs would read from now on. Jobs are claimed as
    /// others end, so their number at one time is no limit.
    #[must_use]
    pub fn plan(&self) -> ClaimRequest {
        let mut request = self.request(self.limit);
        request.rules.max_running = u32::MAX;
        request
    }

    fn term(&self) -> Term {
        let now = self.clock.now();
        Term { now, expires_at: now.checked_add(self.lease_ttl).unwrap_or(Timestamp::MAX) }
    }
}

/// Result of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobOutcome {
    /// The thread has a memory now.
    Remembered,
    /// The thread has nothing to remember, for a stored reason.
    Nothing(String),
    /// The job failed, for a stored reason.
    Failed {
        /// The reason.
        reason: String,
        /// Time of the next try; `None` if there is none.
        retry_at: Option<Timestamp>,
    },
    /// The model is unavailable. The thread keeps its tries, and the run claims no further one.
    Postponed {
        /// The reason.
        reason: String,
        /// Time of the next try.
        retry_at: Timestamp,
    },
    /// Another worker has taken the job over, or the thread was deleted or forgotten.
    LeaseLost,
    /// The run was stopped before the job ended.
    Stopped,
}

/// A job that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobReport {
    /// The thread.
    pub thread: ThreadFacts,
    /// The result.
    pub outcome: JobOutcome,
}

/// A run that ended early. Results that it stored stay.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExtractionError {
    /// The store of jobs failed.
    #[error("cannot {action}")]
    Store {
        /// The engine's action: `claim threads`, `store a memory`, …
        action: &'static str,
        /// The store's error.
        #[source]
        source: BoxError,
    },
}

/// The engine of phase 1, over its ports. Cheap to clone.
#[derive(Clone)]
pub struct Extraction {
    jobs: Arc<dyn StageOneJobs>,
    texts: Arc<dyn RolloutText>,
    model: Arc<dyn StageOneModel>,
    redactor: Arc<dyn Redactor>,
    options: Arc<ExtractionOptions>,
}

impl Extraction {
    /// Makes an engine.
    pub fn new(
        jobs: Arc<dyn StageOneJobs>,
        texts: Arc<dyn RolloutText>,
        model: Arc<dyn StageOneModel>,
        redactor: Arc<dyn Redactor>,
        options: ExtractionOptions,
    ) -> Self {
        Self { jobs, texts, model, redactor, options: Arc::new(options) }
    }

    /// Claims and extracts threads until none is eligible, the limit is reached, the model is
    /// unavailable, or `stop` is ready. Calls `done` after each job.
    ///
    /// Jobs are claimed as workers become free, so that no lease waits. After `stop` unfinished
    /// jobs are given back. If the run's future is dropped, their leases expire.
    ///
    /// # Errors
    ///
    /// [`ExtractionError::Store`].
    pub async fn run(
        &self,
        stop: impl Future<Output = ()>,
        mut done: impl FnMut(&JobReport),
    ) -> Result<Vec<JobReport>, ExtractionError> {
        let mut stop = std::pin::pin!(stop);
        let mut workers: JoinSet<Result<JobReport, ExtractionError>> = JoinSet::new();
        let (stopped, is_stopped) = tokio::sync::watch::channel(false);
        let (mut reports, mut claimed, mut is_unavailable) = (Vec::new(), 0, false);
        loop {
            let free = self.options.concurrency.max(1).saturating_sub(workers.len());
            let wanted = free.min(self.options.limit.saturating_sub(claimed));
            if wanted > 0 && !is_unavailable && !*stopped.borrow() {
                for claim in self.claim(wanted).await? {
                    claimed += 1;
                    let (engine, is_stopped) = (self.clone(), is_stopped.clone());
                    workers.spawn(async move { engine.work(claim, is_stopped).await });
                }
            }
            tokio::select! {
                () = &mut stop, if !*stopped.borrow() => {
                    stopped.send_replace(true);
                }
                ended = workers.join_next() => match ended {
                    None => return Ok(reports),
                    Some(ended) => {
                        let report = ended.map_err(|error| store("run a worker", error.into()))??;
                        is_unavailable |= matches!(report.outcome, JobOutcome::Postponed { .. });
                        done(&report);
                        reports.push(report);
                    }
                }
            }
        }
    }

    async fn claim(&self, limit: usize) -> Result<Vec<Claim>, ExtractionError> {
        let claims = self.jobs.claim(&self.options.request(limit)).await;
        claims.map_err(|source| store("claim threads", source))
    }
}

fn store(action: &'static str, source: BoxError) -> ExtractionError {
    ExtractionError::Store { action, source }
}

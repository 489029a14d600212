//! One job: read a thread, ask the model, store its answer.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use super::input::{BYTES_PER_TOKEN, render};
use super::instructions::INSTRUCTIONS;
use super::{Extraction, ExtractionError, JobOutcome, JobReport, store};
use crate::error::describe;
use crate::{
    Claim, ExtractionRequest, JobFailure, JobLease, MemoryItem, ModelError, StageOneOutput, ThreadText,
    WriteError, answer_schema, read_answer,
};

/// End of the work on a job.
enum Ended {
    Found(Found),
    Lost,
    Stopped,
}

/// Answer of a job before it is stored.
enum Found {
    Output(StageOneOutput),
    Nothing(&'static str),
    /// `wait` is the time to the next try, if another one can help. Without `uses_try`, no thread
    /// would have got an answer.
    Failure {
        reason: String,
        wait: Option<Duration>,
        uses_try: bool,
    },
}

impl Extraction {
    /// Works on a claimed thread until its result is stored or its lease lost.
    pub(super) async fn work(
        &self,
        claim: Claim,
        mut stopped: watch::Receiver<bool>,
    ) -> Result<JobReport, ExtractionError> {
        let stop = async { stopped.wait_for(|stopped| *stopped).await.map(drop) };
        let found = tokio::select! {
            found = self.find(&claim) => Ended::Found(found),
            () = self.heartbeats(&claim.lease) => Ended::Lost,
            _ = stop => Ended::Stopped,
        };
        let outcome = match found {
            Ended::Found(found) => self.store(&claim, found).await?,
            Ended::Lost => JobOutcome::LeaseLost,
            Ended::Stopped => outcome(self.jobs.release(&claim.lease).await, JobOutcome::Stopped)?,
        };
        Ok(JobReport { thread: claim.thread, outcome })
    }

    async fn find(&self, claim: &Claim) -> Found {
        let limit = self.options.input_tokens.saturating_mul(BYTES_PER_TOKEN);
        let mut text = match self.texts.read(&claim.thread, limit).await {
            Ok(text) => text,
            Err(error) => return self.failure(claim, describe(&error)),
        };
        self.redact(&mut text);
        if !text.items().any(|item| matches!(item, MemoryItem::User { .. })) {
            return Found::Nothing("the thread has no words of the user");
        }
        let input = render(&claim.thread, &text, limit);
        let schema = answer_schema();
        let request = ExtractionRequest {
            thread: &claim.thread,
            instructions: INSTRUCTIONS,
            input: &self.redactor.redact(&input),
            text: &text,
            schema: &schema,
        };
        match self.model.extract(request).await {
            Ok(answer) => match read_answer(&answer) {
                Ok(Some(output)) => Found::Output(self.redacted(output)),
                Ok(None) => Found::Nothing("the model found nothing to remember"),
                // Another try may give another answer.
                Err(error) => self.failure(claim, error.to_string()),
            },
            Err(ModelError::Transient { reason }) => self.failure(claim, reason),
            Err(ref error @ ModelError::Unavailable { retry_after, .. }) => {
                let wait = Some(self.options.backoff.max(retry_after.unwrap_or_default()));
                Found::Failure { reason: error.to_string(), wait, uses_try: false }
            }
            Err(error @ ModelError::Permanent { .. }) => {
                Found::Failure { reason: error.to_string(), wait: None, uses_try: true }
            }
        }
    }

    /// Returns a failure that is tried again while tries are left, later each time.
    fn failure(&self, claim: &Claim, reason: String) -> Found {
        let is_last = claim.attempt >= self.options.rules.max_attempts;
        let wait = self.options.backoff.saturating_mul(1 << (claim.attempt.clamp(1, 16) - 1));
        Found::Failure { reason, wait: (!is_last).then_some(wait), uses_try: true }
    }

    fn redact(&self, text: &mut ThreadText) {
        text.items_mut().for_each(|item| item.edit(|text| self.redactor.redact(text)));
    }

    fn redacted(&self, output: StageOneOutput) -> StageOneOutput {
        StageOneOutput {
            rollout_summary: self.redactor.redact(&output.rollout_summary),
            raw_memory: self.redactor.redact(&output.raw_memory),
            slug: output.slug.map(|slug| self.redactor.redact(&slug)),
        }
    }

    async fn store(&self, claim: &Claim, found: Found) -> Result<JobOutcome, ExtractionError> {
        let (jobs, lease, now) = (&self.jobs, &claim.lease, self.options.clock.now());
        match found {
            Found::Output(output) => outcome(jobs.succeed(lease, &output, now).await, JobOutcome::Remembered),
            Found::Nothing(reason) => {
                let stored = jobs.succeed_without_output(lease, reason, now).await;
                outcome(stored, JobOutcome::Nothing(reason.to_owned()))
            }
            Found::Failure { reason, wait, uses_try } => {
                let reason = self.redactor.redact(&reason);
                let retry_at = wait.map(|wait| now.checked_add(wait).unwrap_or(Timestamp::MAX));
                let failure = JobFailure { reason: reason.clone(), retry_at, uses_try };
                let failed = match retry_at {
                    Some(retry_at) if !uses_try => JobOutcome::Postponed { reason, retry_at },
                    _ => JobOutcome::Failed { reason, retry_at },
                };
                outcome(jobs.fail(lease, &failure, now).await, failed)
            }
        }
    }

    /// Renews the lease three times a term. Returns when the lease is lost, otherwise never.
    async fn heartbeats(&self, lease: &JobLease) {
        let period = self.options.lease_ttl / 3;
        let mut ticks = tokio::time::interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // A store that fails here does not end the job: storing the result checks the lease.
            if let Err(WriteError::LeaseLost) = self.jobs.heartbeat(lease, self.options.term()).await {
                return;
            }
        }
    }
}

/// Returns the outcome of a job whose result was stored, or could not be.
fn outcome(stored: Result<(), WriteError>, outcome: JobOutcome) -> Result<JobOutcome, ExtractionError> {
    match stored {
        Ok(()) => Ok(outcome),
        Err(WriteError::LeaseLost) => Ok(JobOutcome::LeaseLost),
        Err(WriteError::Backend(source)) => Err(store("store the result of an extraction", source)),
    }
}

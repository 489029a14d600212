//! The ports. The conformance suite (feature `testing`) proves an implementation of the stores.

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    AgentError, BoxError, Claim, ClaimRequest, Considered, ConsolidationClaim, ConsolidationFailure,
    ConsolidationLease, ConsolidationRequest, ConsolidationState, ConsolidationSuccess, JobCounts,
    JobFailure, JobLease, KeptFile, Memory, ModelError, Selection, StageOneOutput, Term, ThreadFacts,
    ThreadText, ThreadTextError, WriteError,
};

/// The jobs of phase 1.
#[async_trait]
pub trait StageOneJobs: Send + Sync + 'static {
    /// Claims the most recently updated eligible threads, in **one transaction**.
    ///
    /// Counts the jobs that run anywhere first, and never lets there be more than
    /// `rules.max_running`. A lease that expired at or before `term.now` does not count and is
    /// taken over; an implementation may take it over earlier if it can prove the owner dead. Each
    /// claim counts as an attempt, so that a thread that kills its worker is given up some day.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<Claim>, BoxError>;

    /// Renews a lease.
    ///
    /// # Errors
    ///
    /// [`WriteError::LeaseLost`] or [`WriteError::Backend`].
    async fn heartbeat(&self, lease: &JobLease, term: Term) -> Result<(), WriteError>;

    /// Ends a job and stores its output, which replaces an earlier one, in one transaction. Usage
    /// stays.
    ///
    /// # Errors
    ///
    /// [`WriteError::LeaseLost`] or [`WriteError::Backend`].
    async fn succeed(
        &self,
        lease: &JobLease,
        output: &StageOneOutput,
        now: Timestamp,
    ) -> Result<(), WriteError>;

    /// Ends a job that found nothing to remember, for a stored reason. Removes an earlier output.
    ///
    /// # Errors
    ///
    /// [`WriteError::LeaseLost`] or [`WriteError::Backend`].
    async fn succeed_without_output(
        &self,
        lease: &JobLease,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), WriteError>;

    /// Ends a job that failed. An earlier output stays.
    ///
    /// # Errors
    ///
    /// [`WriteError::LeaseLost`] or [`WriteError::Backend`].
    async fn fail(&self, lease: &JobLease, failure: &JobFailure, now: Timestamp) -> Result<(), WriteError>;

    /// Gives a job back as if it had not been claimed: the run was stopped.
    ///
    /// # Errors
    ///
    /// [`WriteError::LeaseLost`] or [`WriteError::Backend`].
    async fn release(&self, lease: &JobLease) -> Result<(), WriteError>;

    /// Returns what a claim would do with each thread, the most recently updated first. Claims
    /// nothing.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn consider(&self, request: &ClaimRequest) -> Result<Vec<Considered>, BoxError>;

    /// Counts jobs by outcome, and threads by what a claim would do with them.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn counts(&self, request: &ClaimRequest) -> Result<JobCounts, BoxError>;
}

/// The stored memories. [`StageOneJobs::succeed`] is the only way in.
#[async_trait]
pub trait StageOneOutputs: Send + Sync + 'static {
    /// Lists all memories, the latest update first.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn list(&self) -> Result<Vec<Memory>, BoxError>;

    /// Returns the memory of a thread.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn get(&self, thread: Uuid) -> Result<Option<Memory>, BoxError>;

    /// Returns the memories that phase 2 works with, the most used first. Threads whose memory mode
    /// is off are not among them.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn select(&self, selection: Selection) -> Result<Vec<Memory>, BoxError>;

    /// Returns the memories that the last consolidation had, in the order of `select`.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn selected(&self) -> Result<Vec<Memory>, BoxError>;

    /// Notes that memories were cited. Returns how many of the threads have one.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn record_usage(&self, threads: &[Uuid], now: Timestamp) -> Result<u64, BoxError>;

    /// Forgets the memories of threads that became ineligible (their memory mode is off), and
    /// removes memories that were neither used nor made since `unused_since`. Returns the number of
    /// both.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn prune(&self, unused_since: Timestamp) -> Result<u64, BoxError>;

    /// Forgets the memory of a thread, and notes that the consolidated text is due if it may have
    /// words of the thread. Returns false if there was none.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn forget(&self, thread: Uuid) -> Result<bool, BoxError>;

    /// Forgets all memories, jobs and kept files, and the last results of consolidations: nothing
    /// keeps the next one from running. Returns the number of memories.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn clear(&self) -> Result<u64, BoxError>;

    /// Returns the files that agents have left, in the order of paths.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn kept_files(&self) -> Result<Vec<KeptFile>, BoxError>;
}

/// The global lock of phase 2.
#[async_trait]
pub trait ConsolidationLock: Send + Sync + 'static {
    /// Requests the lock, in one transaction. An expired lease is taken over; one of an owner that
    /// is provably dead may be taken over earlier.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn claim(&self, request: &ConsolidationRequest) -> Result<ConsolidationClaim, BoxError>;

    /// Renews the lease.
    ///
    /// # Errors
    ///
    /// [`WriteError::LeaseLost`] or [`WriteError::Backend`].
    async fn heartbeat(&self, lease: &ConsolidationLease, term: Term) -> Result<(), WriteError>;

    /// Gives the lock back after a success, and stores the selection, the watermark and the kept
    /// files, in one transaction.
    ///
    /// # Errors
    ///
    /// [`WriteError::LeaseLost`] or [`WriteError::Backend`].
    async fn succeed(
        &self,
        lease: &ConsolidationLease,
        success: &ConsolidationSuccess,
        now: Timestamp,
    ) -> Result<(), WriteError>;

    /// Gives the lock back after a failure.
    ///
    /// # Errors
    ///
    /// [`WriteError::LeaseLost`] or [`WriteError::Backend`].
    async fn fail(
        &self,
        lease: &ConsolidationLease,
        failure: &ConsolidationFailure,
    ) -> Result<(), WriteError>;

    /// Gives the lock back as if it had not been claimed: the run was stopped.
    ///
    /// # Errors
    ///
    /// [`WriteError::LeaseLost`] or [`WriteError::Backend`].
    async fn release(&self, lease: &ConsolidationLease) -> Result<(), WriteError>;

    /// Reads the state of phase 2.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn state(&self) -> Result<ConsolidationState, BoxError>;
}

/// The text of threads.
#[async_trait]
pub trait RolloutText: Send + Sync + 'static {
    /// Reads the memory-relevant items of a thread, at most about `limit` bytes of them: the first
    /// and the last, see [`HeadAndTail`](crate::HeadAndTail). Blocking work belongs on a blocking
    /// thread.
    ///
    /// # Errors
    ///
    /// [`ThreadTextError`].
    async fn read(&self, thread: &ThreadFacts, limit: usize) -> Result<ThreadText, ThreadTextError>;
}

/// Removes secrets from text.
pub trait Redactor: Send + Sync + 'static {
    /// Returns the text without secrets. Redacting twice changes nothing more.
    fn redact(&self, text: &str) -> String;
}

/// Request to a model: one thread, free of secrets.
#[derive(Debug)]
pub struct ExtractionRequest<'a> {
    /// The thread.
    pub thread: &'a ThreadFacts,
    /// Instructions.
    pub instructions: &'a str,
    /// The thread as text, cut to the token budget.
    pub input: &'a str,
    /// The items that the text was made of, for models that need no text.
    pub text: &'a ThreadText,
    /// JSON Schema of the answer.
    pub schema: &'a Value,
}

/// The model of phase 1.
#[async_trait]
pub trait StageOneModel: Send + Sync + 'static {
    /// Returns the model's answer: JSON of the request's schema. Dropping the future ends the work.
    ///
    /// # Errors
    ///
    /// [`ModelError`].
    async fn extract(&self, request: ExtractionRequest<'_>) -> Result<String, ModelError>;
}

/// Work for an agent.
#[derive(Debug)]
pub struct ConsolidationTask<'a> {
    /// A copy of the workspace, in which the agent works.
    pub root: &'a Path,
    /// A file outside of the root with the prompt.
    pub prompt_file: &'a Path,
    /// The memories that the workspace has, the most used first.
    pub memories: &'a [Memory],
    /// Threads to forget.
    pub forgotten: &'a [Uuid],
}

/// The agent of phase 2.
#[async_trait]
pub trait ConsolidationAgent: Send + Sync + 'static {
    /// Brings the consolidated files of the root up to date. Dropping the future ends the agent and
    /// its child processes.
    ///
    /// # Errors
    ///
    /// [`AgentError`].
    async fn consolidate(&self, task: ConsolidationTask<'_>) -> Result<(), AgentError>;
}

//! The port of jobs.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;
use threadkeep_memories::{
    BoxError, Claim, ClaimRequest, Considered, JobCounts, JobFailure, JobLease, StageOneJobs, StageOneOutput,
    Term, WriteError,
};
use threadkeep_redact::redact;
use threadkeep_sqlite::{Durability, uuid_text};

use super::{MemoryStore, report_end};

#[async_trait]
impl StageOneJobs for MemoryStore {
    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<Claim>, BoxError> {
        self.claim_jobs(request).await
    }

    async fn heartbeat(&self, lease: &JobLease, term: Term) -> Result<(), WriteError> {
        let renew = sqlx::query(
            "UPDATE memory_jobs SET lease_expires_ms = ?3 WHERE thread_id = ?1 AND token = ?2 AND state = 'running'",
        );
        let renew =
            renew.bind(uuid_text(lease.thread_id)).bind(lease.token).bind(term.expires_at.as_millisecond());
        self.change_under_lease(renew).await
    }

    async fn succeed(
        &self,
        lease: &JobLease,
        output: &StageOneOutput,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let ended = self
            .under_lease(Durability::Durable, async |conn| {
                let Some(input_ms) = end(conn, lease, "succeeded", None, now).await? else {
                    return Ok(false);
                };
                sqlx::query(
                "INSERT INTO memories (thread_id, input_ms, generated_at_ms, usage_count, selected, slug, \
                   rollout_summary, raw_memory) VALUES (?1, ?2, ?3, 0, 0, ?4, ?5, ?6) \
                 ON CONFLICT (thread_id) DO UPDATE SET input_ms = ?2, generated_at_ms = ?3, slug = ?4, \
                   rollout_summary = ?5, raw_memory = ?6",
            )
            .bind(uuid_text(lease.thread_id))
            .bind(input_ms)
            .bind(now.as_millisecond())
            .bind(&output.slug)
            .bind(redact(&output.rollout_summary))
            .bind(redact(&output.raw_memory))
            .execute(conn)
            .await?;
                Ok(true)
            })
            .await;
        report_end("extract", "ok", ended)
    }

    async fn succeed_without_output(
        &self,
        lease: &JobLease,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let ended = self
            .under_lease(Durability::Usual, async |conn| {
                let ended = end(conn, lease, "succeeded_no_output", Some(reason), now).await?;
                if ended.is_some() {
                    let remove = sqlx::query("DELETE FROM memories WHERE thread_id = ?1");
                    remove.bind(uuid_text(lease.thread_id)).execute(conn).await?;
                }
                Ok(ended.is_some())
            })
            .await;
        report_end("extract", "empty", ended)
    }

    async fn fail(&self, lease: &JobLease, failure: &JobFailure, now: Timestamp) -> Result<(), WriteError> {
        let fail = sqlx::query(
            "UPDATE memory_jobs SET state = 'failed', reason = ?3, retry_at_ms = ?4, finished_at_ms = ?5, \
               attempts = attempts - ?6 WHERE thread_id = ?1 AND token = ?2 AND state = 'running'",
        );
        let fail = fail
            .bind(uuid_text(lease.thread_id))
            .bind(lease.token)
            .bind(redact(&failure.reason))
            .bind(failure.retry_at.map(Timestamp::as_millisecond))
            .bind(now.as_millisecond())
            .bind(!failure.uses_try);
        report_end("extract", "error", self.change_under_lease(fail).await)
    }

    async fn release(&self, lease: &JobLease) -> Result<(), WriteError> {
        let release = sqlx::query(
            "UPDATE memory_jobs SET state = 'released', attempts = attempts - 1 \
             WHERE thread_id = ?1 AND token = ?2 AND state = 'running'",
        );
        let release = release.bind(uuid_text(lease.thread_id)).bind(lease.token);
        report_end("extract", "released", self.change_under_lease(release).await)
    }

    async fn consider(&self, request: &ClaimRequest) -> Result<Vec<Considered>, BoxError> {
        self.consider_all(request).await
    }

    async fn counts(&self, request: &ClaimRequest) -> Result<JobCounts, BoxError> {
        self.count_jobs(request).await
    }
}

/// Ends a job with success, and returns the update of the thread that was claimed. `None` if the
/// lease is lost.
async fn end(
    conn: &mut SqliteConnection,
    lease: &JobLease,
    state: &str,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<Option<i64>, sqlx::Error> {
    let input_ms: Option<i64> = sqlx::query_scalar(
        "UPDATE memory_jobs SET state = ?3, reason = ?4, finished_at_ms = ?5 \
         WHERE thread_id = ?1 AND token = ?2 AND state = 'running' RETURNING input_ms",
    )
    .bind(uuid_text(lease.thread_id))
    .bind(lease.token)
    .bind(state)
    .bind(reason)
    .bind(now.as_millisecond())
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(input_ms) = input_ms {
        let remember = sqlx::query("UPDATE threads SET remembered_ms = ?2 WHERE id = ?1");
        remember.bind(uuid_text(lease.thread_id)).bind(input_ms).execute(conn).await?;
    }
    Ok(input_ms)
}

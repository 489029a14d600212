//! Claiming jobs, and what a claim would do.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, SqliteConnection};
use threadkeep_memories::{
    BoxError, Claim, ClaimRequest, Considered, JobCounts, JobLease, SkipReason, ThreadFacts,
};
use threadkeep_sqlite::{DbError, Durability, RowReader, uuid_text};

use super::verdict::{self, BindRules, Running};
use super::{MemoryStore, next_tokens};

impl MemoryStore {
    pub(super) async fn claim_jobs(&self, request: &ClaimRequest) -> Result<Vec<Claim>, BoxError> {
        let claim = async |conn: &mut SqliteConnection| {
            let Running { count, dead } = verdict::running(conn, request.term.now).await?;
            let room = request.rules.max_running.saturating_sub(count).min(request.limit);
            let sql = verdict::to_claim(request.rules.include_exec, request.rules.include_archived);
            let rows = sqlx::query(AssertSqlSafe(sql)).rules(request, &dead).bind(room);
            let rows = rows.fetch_all(&mut *conn).await?;
            let mut token = next_tokens(conn, rows.len()).await?;
            let mut claims = Vec::with_capacity(rows.len());
            for row in &rows {
                let mut row = RowReader::new(row);
                let thread = facts(&mut row)?;
                let attempt: u32 = row.column::<u32>()? + 1;
                store_claim(conn, &thread, request, token, attempt).await?;
                let lease = JobLease { thread_id: thread.id, owner: request.owner.clone(), token };
                claims.push(Claim { lease, thread, attempt });
                token += 1;
            }
            Ok(claims)
        };
        let claims: Result<_, DbError> = self.db.write(Durability::Usual, claim).await;
        Ok(claims?)
    }

    pub(super) async fn consider_all(&self, request: &ClaimRequest) -> Result<Vec<Considered>, BoxError> {
        let consider = async |conn: &mut SqliteConnection| {
            let Running { count, dead } = verdict::running(conn, request.term.now).await?;
            let rows = sqlx::query(AssertSqlSafe(verdict::all())).rules(request, &dead);
            let rows = rows.fetch_all(conn).await?;
            let mut room = request.rules.max_running.saturating_sub(count);
            rows.iter().map(|row| considered(row, request, &mut room)).collect::<Result<Vec<_>, _>>()
        };
        Ok(self.db.read(consider).await?)
    }

    pub(super) async fn count_jobs(&self, request: &ClaimRequest) -> Result<JobCounts, BoxError> {
        let count = async |conn: &mut SqliteConnection| {
            let Running { count: running, dead } = verdict::running(conn, request.term.now).await?;
            let mut counts = JobCounts { running: running.into(), ..JobCounts::default() };
            let rows = sqlx::query(AssertSqlSafe(verdict::counts())).rules(request, &dead);
            for row in &rows.fetch_all(&mut *conn).await? {
                let mut row = RowReader::new(row);
                let (word, threads): (Option<String>, u64) = (row.column()?, row.column()?);
                let earliest = row.optional_time()?;
                counts.next_eligible_at = counts.next_eligible_at.into_iter().chain(earliest).min();
                match verdict::reason(word.as_deref()) {
                    Some(reason) => *counts.skipped.entry(reason).or_default() += threads,
                    None => {
                        let room = u64::from(request.rules.max_running.saturating_sub(running));
                        counts.eligible = threads.min(room);
                        if threads > room {
                            counts.skipped.insert(SkipReason::LimitReached, threads - room);
                        }
                    }
                }
            }
            let states = "SELECT state, count(*), max(finished_at_ms) FROM memory_jobs GROUP BY state";
            for row in &sqlx::query(states).fetch_all(&mut *conn).await? {
                let mut row = RowReader::new(row);
                let (state, jobs): (String, u64) = (row.column()?, row.column()?);
                let finished_at = row.optional_time()?;
                match state.as_str() {
                    "succeeded" => counts.succeeded = jobs,
                    "succeeded_no_output" => counts.succeeded_no_output = jobs,
                    "failed" => counts.failed = jobs,
                    _ => continue,
                }
                if state != "failed" {
                    counts.last_success_at = counts.last_success_at.max(finished_at);
                }
            }
            counts.failures = sqlx::query_as(
                "SELECT reason, count(*) FROM memory_jobs WHERE state = 'failed' \
                 GROUP BY reason ORDER BY count(*) DESC, reason LIMIT 20",
            )
            .fetch_all(conn)
            .await?;
            Ok(counts)
        };
        Ok(self.db.read(count).await?)
    }
}

async fn store_claim(
    conn: &mut SqliteConnection,
    thread: &ThreadFacts,
    request: &ClaimRequest,
    token: i64,
    attempt: u32,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO memory_jobs (thread_id, state, token, attempts, input_ms, owner, lease_expires_ms) \
         VALUES (?1, 'running', ?2, ?3, ?4, ?5, ?6) ON CONFLICT (thread_id) DO UPDATE SET state = 'running', \
           token = ?2, attempts = ?3, input_ms = ?4, owner = ?5, lease_expires_ms = ?6, \
           retry_at_ms = NULL, reason = NULL",
    )
    .bind(uuid_text(thread.id))
    .bind(token)
    .bind(attempt)
    .bind(thread.updated_at.as_millisecond())
    .bind(&request.owner)
    .bind(request.term.expires_at.as_millisecond())
    .execute(conn)
    .await?;
    Ok(())
}

fn considered(row: &SqliteRow, request: &ClaimRequest, room: &mut u32) -> Result<Considered, sqlx::Error> {
    let mut row = RowReader::new(row);
    let thread = facts(&mut row)?;
    let mut skip = verdict::reason(row.column::<Option<&str>>()?);
    let retry_at = row.optional_time()?;
    let reason = row.column()?;
    if skip.is_none() && *room == 0 {
        skip = Some(SkipReason::LimitReached);
    } else if skip.is_none() {
        *room -= 1;
    }
    let eligible_at = match skip {
        Some(SkipReason::TooRecent) => thread.updated_at.checked_add(request.rules.min_idle).ok(),
        Some(SkipReason::Waiting) => retry_at,
        _ => None,
    };
    Ok(Considered { thread, skip, eligible_at, reason })
}

/// Reads the columns [`FACTS`](verdict::FACTS).
pub(super) fn facts(row: &mut RowReader<'_>) -> Result<ThreadFacts, sqlx::Error> {
    Ok(ThreadFacts {
        id: row.uuid()?,
        title: row.column()?,
        cwd: row.column()?,
        git_branch: row.column()?,
        rollout_path: row.column()?,
        updated_at: row.time()?,
    })
}

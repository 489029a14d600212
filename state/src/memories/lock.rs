//! The port of the lock.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;
use threadkeep_memories::{
    BoxError, ConsolidationClaim, ConsolidationFailure, ConsolidationLease, ConsolidationLock,
    ConsolidationRequest, ConsolidationState, ConsolidationSuccess, NotNow, Term, WriteError,
};
use threadkeep_redact::redact;
use threadkeep_sqlite::{DbError, Durability, RowReader, json, owner_is_dead, uuid_text};

use super::{MemoryStore, next_tokens, report_end, verdict};

const STATE: &str = "SELECT lease_owner, lease_expires_ms, last_success_ms, watermark_ms, failed_step, reason, \
     retry_at_ms, root FROM memory_consolidation WHERE id = 1";

#[async_trait]
impl ConsolidationLock for MemoryStore {
    async fn claim(&self, request: &ConsolidationRequest) -> Result<ConsolidationClaim, BoxError> {
        let claim = async |conn: &mut SqliteConnection| {
            let state = state(conn).await?;
            if let Some(refusal) = refusal(&state, request) {
                return Ok(ConsolidationClaim::Refused(refusal));
            }
            let token = next_tokens(conn, 1).await?;
            sqlx::query(
                "UPDATE memory_consolidation SET lease_owner = ?1, lease_token = ?2, lease_expires_ms = ?3, \
                   root = coalesce(?4, root) WHERE id = 1",
            )
            .bind(&request.owner)
            .bind(token)
            .bind(request.term.expires_at.as_millisecond())
            .bind(request.root.as_deref().and_then(Path::to_str))
            .execute(conn)
            .await?;
            Ok(ConsolidationClaim::Granted(ConsolidationLease { owner: request.owner.clone(), token }))
        };
        let claimed: Result<_, DbError> = self.db.write(Durability::Usual, claim).await;
        Ok(claimed?)
    }

    async fn heartbeat(&self, lease: &ConsolidationLease, term: Term) -> Result<(), WriteError> {
        let renew = sqlx::query(
            "UPDATE memory_consolidation SET lease_expires_ms = ?2 WHERE id = 1 AND lease_token = \
             ?1 AND lease_owner IS NOT NULL",
        );
        let renew = renew.bind(lease.token).bind(term.expires_at.as_millisecond());
        self.change_under_lease(renew).await
    }

    async fn succeed(
        &self,
        lease: &ConsolidationLease,
        success: &ConsolidationSuccess,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let ended = self
            .under_lease(Durability::Durable, async |conn| {
                let watermark =
                    success.selection.iter().map(|(_, updated_at)| updated_at.as_millisecond()).max();
                let done = sqlx::query(
                    "UPDATE memory_consolidation SET lease_owner = NULL, lease_expires_ms = NULL, \
             last_success_ms = ?2, watermark_ms = ?3, failed_step = NULL, reason = NULL, \
             retry_at_ms = NULL WHERE id = 1 AND lease_token = ?1 AND lease_owner IS NOT NULL",
                );
                let done = done.bind(lease.token).bind(now.as_millisecond()).bind(watermark);
                if done.execute(&mut *conn).await?.rows_affected() == 0 {
                    return Ok(false);
                }
                store(conn, success).await?;
                Ok(true)
            })
            .await;
        report_end("consolidate", "ok", ended)
    }

    async fn fail(
        &self,
        lease: &ConsolidationLease,
        failure: &ConsolidationFailure,
    ) -> Result<(), WriteError> {
        let fail = sqlx::query(
            "UPDATE memory_consolidation SET lease_owner = NULL, lease_expires_ms = NULL, \
             failed_step = ?2, reason = ?3, retry_at_ms = ?4 WHERE id = 1 AND lease_token = ?1 AND \
             lease_owner IS NOT NULL",
        );
        let fail = fail
            .bind(lease.token)
            .bind(failure.step.code())
            .bind(redact(&failure.reason))
            .bind(failure.retry_at.as_millisecond());
        report_end("consolidate", "error", self.change_under_lease(fail).await)
    }

    async fn release(&self, lease: &ConsolidationLease) -> Result<(), WriteError> {
        let release = sqlx::query(
            "UPDATE memory_consolidation SET lease_owner = NULL, lease_expires_ms = NULL WHERE id \
             = 1 AND lease_token = ?1 AND lease_owner IS NOT NULL",
        )
        .bind(lease.token);
        report_end("consolidate", "released", self.change_under_lease(release).await)
    }

    async fn state(&self) -> Result<ConsolidationState, BoxError> {
        Ok(self.db.read(async |conn| state(conn).await).await?)
    }
}

/// Maximum of a lease's remaining time. A longer one was not written by a working clock.
const LONGEST_LEASE: SignedDuration = SignedDuration::from_hours(24);

/// Returns the holder of the lock and its expiry, unless it is expired or dead.
pub(super) fn living_holder(state: &ConsolidationState, now: Timestamp) -> Option<(&String, Timestamp)> {
    let (owner, expires_at) = state.holder.as_ref()?;
    let is_alive =
        *expires_at > now && expires_at.duration_since(now) <= LONGEST_LEASE && !owner_is_dead(owner);
    is_alive.then_some((owner, *expires_at))
}

impl MemoryStore {
    /// Releases the lock if its holder is dead or its lease has expired. Returns that holder.
    ///
    /// # Errors
    ///
    /// Any error of the database.
    pub async fn release_stale_lock(&self, now: Timestamp) -> Result<Option<String>, BoxError> {
        let release = async |conn: &mut SqliteConnection| {
            let state = state(conn).await?;
            let Some(owner) = stale_holder(&state, now).map(str::to_owned) else { return Ok(None) };
            let free =
                "UPDATE memory_consolidation SET lease_owner = NULL, lease_expires_ms = NULL WHERE id = 1";
            sqlx::query(free).execute(conn).await?;
            Ok(Some(owner))
        };
        let released: Result<_, DbError> = self.db.write(Durability::Usual, release).await;
        Ok(released?)
    }
}

/// Returns the holder of a lock that no living process holds any longer.
#[must_use]
pub fn stale_holder(state: &ConsolidationState, now: Timestamp) -> Option<&str> {
    let (owner, _) = state.holder.as_ref()?;
    living_holder(state, now).is_none().then_some(owner)
}

/// Returns the reason why a request is not granted.
fn refusal(state: &ConsolidationState, request: &ConsolidationRequest) -> Option<NotNow> {
    let now = request.term.now;
    if let Some((owner, expires_at)) = living_holder(state, now) {
        return Some(NotNow::Held { owner: owner.clone(), expires_at });
    }
    if request.force {
        return None;
    }
    if let Some(until) = state.retry_at.filter(|at| *at > now) {
        return Some(NotNow::Waiting { until });
    }
    let until = state.last_success_at.and_then(|at| at.checked_add(request.cooldown).ok());
    let until = until.filter(|until| *until > now && state.forgotten.is_empty());
    until.map(|until| NotNow::CoolingDown { until })
}

/// Stores the selection, the kept files, and what is still due.
async fn store(conn: &mut SqliteConnection, success: &ConsolidationSuccess) -> Result<(), sqlx::Error> {
    let texts = |ids: &mut dyn Iterator<Item = uuid::Uuid>| json(&ids.map(uuid_text).collect::<Vec<_>>());
    let selection = texts(&mut success.selection.iter().map(|(thread, _)| *thread));
    sqlx::query("UPDATE memories SET selected = thread_id IN (SELECT value FROM json_each(?1))")
        .bind(&selection)
        .execute(&mut *conn)
        .await?;
    sqlx::query("DELETE FROM memory_forgotten WHERE thread_id IN (SELECT value FROM json_each(?1))")
        .bind(texts(&mut success.forgotten.iter().copied()))
        .execute(&mut *conn)
        .await?;
    // The workspace now has words of memories that were forgotten while the run lasted.
    sqlx::query(
        "INSERT OR IGNORE INTO memory_forgotten (thread_id) SELECT value FROM json_each(?1) \
         WHERE value NOT IN (SELECT thread_id FROM memories)",
    )
    .bind(&selection)
    .execute(&mut *conn)
    .await?;
    let Some(files) = &success.files else { return Ok(()) };
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    sqlx::query("DELETE FROM memory_files WHERE path NOT IN (SELECT value FROM json_each(?1))")
        .bind(json(&paths))
        .execute(&mut *conn)
        .await?;
    for file in files {
        let insert = sqlx::query(
            "INSERT INTO memory_files (path, content) VALUES (?1, ?2) \
             ON CONFLICT (path) DO UPDATE SET content = ?2",
        );
        insert.bind(&file.path).bind(&file.content).execute(&mut *conn).await?;
    }
    Ok(())
}

async fn state(conn: &mut SqliteConnection) -> Result<ConsolidationState, sqlx::Error> {
    let forgotten = sqlx::query_scalar("SELECT thread_id FROM memory_forgotten ORDER BY thread_id");
    let forgotten: Vec<String> = forgotten.fetch_all(&mut *conn).await?;
    let forgotten = verdict::ids(&forgotten);
    // The row was lost; the next claim makes it again.
    let Some(row) = sqlx::query(STATE).fetch_optional(conn).await? else {
        return Ok(ConsolidationState { forgotten, ..ConsolidationState::default() });
    };
    let mut row = RowReader::new(&row);
    let owner: Option<String> = row.column()?;
    let holder = owner.zip(row.optional_time()?);
    let last_success_at = row.optional_time()?;
    let watermark = row.optional_time()?;
    let step: Option<String> = row.column()?;
    let failure = step.zip(row.column::<Option<String>>()?);
    let retry_at = row.optional_time()?;
    let root = row.column::<Option<String>>()?.map(PathBuf::from);
    Ok(ConsolidationState { holder, last_success_at, watermark, failure, retry_at, forgotten, root })
}

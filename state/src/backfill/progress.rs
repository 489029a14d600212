//! The backfill's own state: the lease, the watermark, and one outcome a file.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use threadkeep_backfill::{
    Acquired, BackfillStatus, BoxError, Finish, Lease, OutcomeState, Progress, ProgressState, Term,
    WriteError,
};
use threadkeep_sqlite::{Database, DbError, Durability, RowReader};

use super::IndexOptions;
use crate::home_problem::HomeProblem;
use crate::owner::owner_is_dead;

type StoredOutcome = threadkeep_backfill::StoredOutcome<HomeProblem>;

/// The table `backfill_progress`, and `rollouts` as the engine reads it.
#[derive(Clone, Debug)]
pub struct BackfillProgress {
    db: Database,
    options: IndexOptions,
    /// Keys of the only files whose outcomes are read. Default: all.
    pub(super) only: Option<Arc<[String]>>,
}

impl BackfillProgress {
    pub(crate) fn new(db: Database, options: IndexOptions) -> BackfillProgress {
        BackfillProgress { db, options, only: None }
    }

    pub(super) async fn read(&self) -> Result<ProgressState, DbError> {
        self.db.read(async |conn| state_of(sqlx::query(STATE).fetch_optional(conn).await?.as_ref())).await
    }
}

const STATE: &str = "SELECT status, watermark, last_success_at_ms, lease_owner, lease_token, lease_expires_ms \
    FROM backfill_progress WHERE id = 1";

/// Makes the statement that reads a page of outcomes.
///
/// A page is one text, because a row costs more than its content. NUL separates the values, because
/// none has one. Most files are just indexed. A copy is present while the file that it names has
/// the row. If a run restores deleted threads (`?3`), their rows count as lost.
macro_rules! outcomes {
    ($which:literal) => {
        concat!(
            "SELECT group_concat(concat(path, char(0), fingerprint, char(0), \
               CASE WHEN outcome = 'indexed' THEN NULL ELSE json_array(outcome, problem, detail, CASE outcome \
                 WHEN 'lost' THEN 0 \
                 WHEN 'duplicate' THEN EXISTS (SELECT 1 FROM rollouts AS file JOIN threads ON id = file.thread_id \
                   WHERE file.path = page.path AND missing_since_ms IS NULL AND rollout_path = page.detail) \
                 WHEN 'deleted' THEN ?3 = 0 \
                 ELSE 1 END) END), char(0)) \
             FROM (SELECT path, fingerprint, outcome, problem, detail \
               FROM rollouts WHERE ",
            $which,
            " ORDER BY path LIMIT ?2) AS page"
        )
    };
}

/// The outcomes of the files after `?1`.
pub(crate) const OUTCOMES: &str = outcomes!("path > ?1");
/// The outcomes of the files `?1`, a JSON array.
pub(crate) const OUTCOMES_OF: &str = outcomes!("path IN (SELECT value FROM json_each(?1))");

/// Maximum of a lease's remaining time. A longer one was not written by a working clock.
const LONGEST_LEASE: SignedDuration = SignedDuration::from_hours(24);

fn state_of(row: Option<&SqliteRow>) -> Result<ProgressState, sqlx::Error> {
    // No backfill ran, or its row was lost; the next run makes it again.
    let Some(row) = row else { return Ok(ProgressState::default()) };
    let mut row = RowReader::new(row);
    let status = match row.column::<&str>()? {
        "running" => BackfillStatus::Running,
        "complete" => BackfillStatus::Complete,
        _ => BackfillStatus::Pending,
    };
    let watermark = row.column()?;
    let last_success_at = row.optional_time()?;
    let owner: Option<String> = row.column()?;
    let token = row.column()?;
    // An expiry beyond all time counts as too long: see `LONGEST_LEASE`.
    let expires_ms: Option<i64> = row.column()?;
    let expires_at = expires_ms.map(|ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX));
    let lease = owner.zip(expires_at).map(|(owner, expires_at)| Lease { owner, token, expires_at });
    Ok(ProgressState { status, watermark, last_success_at, lease })
}

#[async_trait]
impl Progress for BackfillProgress {
    type Problem = HomeProblem;

    async fn state(&self) -> Result<ProgressState, BoxError> {
        Ok(self.read().await?)
    }

    async fn acquire(&self, owner: &str, term: Term) -> Result<Acquired, BoxError> {
        let acquire = async |conn: &mut SqliteConnection| {
            let state = state_of(sqlx::query(STATE).fetch_optional(&mut *conn).await?.as_ref())?;
            if let Some(held) = state.lease
                && held.expires_at > term.now
                && held.expires_at.duration_since(term.now) <= LONGEST_LEASE
                && !owner_is_dead(&held.owner)
            {
                return Ok(Acquired::Held { owner: held.owner, expires_at: held.expires_at });
            }
            let grant = sqlx::query_scalar(
                "INSERT INTO backfill_progress (id, status, lease_owner, lease_token, lease_expires_ms) \
                 VALUES (1, 'running', ?1, 1, ?2) ON CONFLICT (id) DO UPDATE SET status = 'running', \
                   lease_owner = ?1, lease_token = lease_token + 1, lease_expires_ms = ?2 RETURNING lease_token",
            );
            let token = grant.bind(owner).bind(term.expires_at.as_millisecond()).fetch_one(conn).await?;
            let lease = Lease { owner: owner.to_owned(), token, expires_at: term.expires_at };
            Ok(Acquired::Granted { lease, watermark: state.watermark })
        };
        let acquired: Result<_, DbError> = self.db.write(Durability::Usual, acquire).await;
        Ok(acquired?)
    }

    async fn heartbeat(&self, lease: &Lease, term: Term) -> Result<(), WriteError> {
        let renew = sqlx::query(
            "UPDATE backfill_progress SET lease_expires_ms = ?2 \
             WHERE id = 1 AND lease_token = ?1 AND lease_owner IS NOT NULL",
        );
        self.with_lease(renew.bind(lease.token).bind(term.expires_at.as_millisecond())).await
    }

    async fn finish(&self, lease: &Lease, finish: Finish, now: Timestamp) -> Result<(), WriteError> {
        let release = match finish {
            Finish::Complete => sqlx::query(
                "UPDATE backfill_progress SET status = 'complete', watermark = NULL, last_success_at_ms = coalesce(?2, last_success_at_ms), \
                 lease_owner = NULL, lease_expires_ms = NULL \
                 WHERE id = 1 AND lease_token = ?1 AND lease_owner IS NOT NULL",
            )
            .bind(lease.token)
            // A pass over some files is no success of the whole home.
            .bind(self.only.is_none().then_some(now.as_millisecond())),
            Finish::Interrupted => sqlx::query(
                "UPDATE backfill_progress SET status = 'pending', lease_owner = NULL, lease_expires_ms = NULL \
                 WHERE id = 1 AND lease_token = ?1 AND lease_owner IS NOT NULL",
            )
            .bind(lease.token),
        };
        self.with_lease(release).await
    }

    async fn outcomes(&self, after: Option<&str>, limit: usize) -> Result<Vec<StoredOutcome>, BoxError> {
        let page = match (&self.only, after) {
            (Some(_), Some(_)) => return Ok(Vec::new()),
            (Some(only), None) => sqlx::query_scalar(OUTCOMES_OF).bind(serde_json::to_string(&**only)?),
            (None, after) => sqlx::query_scalar(OUTCOMES).bind(after.unwrap_or("").to_owned()),
        };
        let page = page.bind(i64::try_from(limit).unwrap_or(i64::MAX)).bind(self.options.include_deleted);
        let page: Option<String> = self.db.read(async |conn| page.fetch_one(conn).await).await?;
        let Some(page) = page else { return Ok(Vec::new()) };
        let mut values = page.split('\0');
        let mut outcomes = Vec::with_capacity(limit.min(page.len() / 64));
        while let (Some(key), Some(fingerprint), Some(exception)) =
            (values.next(), values.next(), values.next())
        {
            outcomes.push(outcome_of(key.to_owned(), fingerprint.to_owned(), exception)?);
        }
        Ok(outcomes)
    }
}

/// A file's outcome, problem and detail, and 1 if its row is present.
type Exception = (String, Option<String>, Option<String>, u8);

impl BackfillProgress {
    /// Runs a statement that changes the row only if the lease is the current one.
    async fn with_lease(
        &self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<(), WriteError> {
        let change = async |conn: &mut SqliteConnection| Ok(query.execute(conn).await?.rows_affected());
        let changed: Result<_, DbError> = self.db.write(Durability::Usual, change).await;
        let changed = changed.map_err(|error| WriteError::Backend(error.into()))?;
        if changed == 0 { Err(WriteError::LeaseLost) } else { Ok(()) }
    }
}

/// Makes an outcome. `exception` is an [`Exception`] as JSON, empty if the file is indexed and its
/// row present.
fn outcome_of(key: String, fingerprint: String, exception: &str) -> Result<StoredOutcome, BoxError> {
    if exception.is_empty() {
        return Ok(StoredOutcome { key, fingerprint, state: OutcomeState::Indexed, present: true });
    }
    let (outcome, problem, detail, present): Exception = serde_json::from_str(exception)?;
    let state = match outcome.as_str() {
        // Without a problem it is a part of a thread, whose newest part has the row.
        "duplicate" if problem.is_some() => OutcomeState::Duplicate { of: detail.unwrap_or_default() },
        "deleted" => OutcomeState::Excluded,
        "failed" => OutcomeState::Failed(HomeProblem::stored(problem.unwrap_or_default(), detail)),
        _ => OutcomeState::Indexed,
    };
    Ok(StoredOutcome { key, fingerprint, state, present: present == 1 })
}

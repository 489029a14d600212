//! The backfill's own state: the lease, the watermark, and one outcome a file.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;
use threadkeep_backfill::{
    Acquired, BackfillStatus, BoxError, Finish, Lease, OutcomeState, Progress, ProgressState, Term,
    WriteError,
};
use threadkeep_sqlite::{Database, DbError, Durability, RunLease, RunState, RunStatus, Runs};

use super::IndexOptions;
use crate::home_problem::HomeProblem;

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
        self.db.read(async |conn| RUNS.state(conn).await.map(state_of)).await
    }
}

/// The table with the lease.
pub(crate) const RUNS: Runs = Runs::new("backfill_progress");

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
            " ORDER BY path LIMIT +?2) AS page"
        )
    };
}

/// The outcomes of the files after `?1`.
pub(crate) const OUTCOMES: &str = outcomes!("path > ?1");
/// The outcomes of the files `?1`, a JSON array.
pub(crate) const OUTCOMES_OF: &str = outcomes!("path IN (SELECT value FROM json_each(?1))");

fn state_of(state: RunState) -> ProgressState {
    let RunState { status, watermark, last_success_at, lease } = state;
    let status = match status {
        RunStatus::Pending => BackfillStatus::Pending,
        RunStatus::Running => BackfillStatus::Running,
        RunStatus::Complete => BackfillStatus::Complete,
    };
    let lease = lease.map(|RunLease { owner, token, expires_at }| Lease { owner, token, expires_at });
    ProgressState { status, watermark, last_success_at, lease }
}

#[async_trait]
impl Progress for BackfillProgress {
    type Problem = HomeProblem;

    async fn state(&self) -> Result<ProgressState, BoxError> {
        Ok(self.read().await?)
    }

    async fn acquire(&self, owner: &str, term: Term) -> Result<Acquired, BoxError> {
        let acquire = async |conn: &mut SqliteConnection| {
            Ok(match self.only {
                Some(_) => RUNS.acquire_for_part(conn, owner, term.now, term.expires_at).await?,
                None => RUNS.acquire(conn, owner, term.now, term.expires_at).await?,
            })
        };
        let acquired: Result<_, DbError> = self.db.write(Durability::Usual, acquire).await;
        Ok(match acquired? {
            (RunState { watermark, .. }, Some(token)) => {
                let lease = Lease { owner: owner.to_owned(), token, expires_at: term.expires_at };
                Acquired::Granted { lease, watermark }
            }
            (RunState { lease, .. }, None) => {
                let held = lease.ok_or("a lease that is refused has an owner")?;
                Acquired::Held { owner: held.owner, expires_at: held.expires_at }
            }
        })
    }

    async fn heartbeat(&self, lease: &Lease, term: Term) -> Result<(), WriteError> {
        self.with_lease(async |conn| RUNS.renew(conn, lease.token, None, term.expires_at).await).await
    }

    async fn finish(&self, lease: &Lease, finish: Finish, now: Timestamp) -> Result<(), WriteError> {
        self.with_lease(async |conn| match finish {
            // A pass over some files says nothing about the whole home.
            _ if self.only.is_some() => RUNS.release(conn, lease.token).await,
            Finish::Complete => RUNS.complete(conn, lease.token, now).await,
            Finish::Interrupted => RUNS.interrupt(conn, lease.token).await,
        })
        .await
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
    /// Makes a change that returns false if the lease is lost.
    async fn with_lease(
        &self,
        change: impl AsyncFnOnce(&mut SqliteConnection) -> Result<bool, sqlx::Error>,
    ) -> Result<(), WriteError> {
        let changed: Result<_, DbError> =
            self.db.write(Durability::Usual, async |conn| Ok(change(conn).await?)).await;
        let changed = changed.map_err(|error| WriteError::Backend(error.into()))?;
        if changed { Ok(()) } else { Err(WriteError::LeaseLost) }
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

//! The passes' own state: the lease, the watermark, and one outcome a file.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;
use threadkeep_backfill::{
    Acquired, BackfillStatus, BoxError, Finish, Lease, OutcomeState, Progress, ProgressState, Term,
    WriteError,
};
use threadkeep_sqlite::{Database, DbError, Durability, RunLease, RunState, RunStatus, Runs};

use crate::problem::HistoryProblem;

type StoredOutcome = threadkeep_backfill::StoredOutcome<HistoryProblem>;

/// The table with the lease.
pub(crate) const RUNS: Runs = Runs::new("history_runs");

/// The table `history_runs`, and `history_files` as the engine reads it.
#[derive(Clone, Debug)]
pub struct HistoryProgress {
    db: Database,
}

impl HistoryProgress {
    pub(crate) fn new(db: Database) -> Self {
        Self { db }
    }

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

/// A page of outcomes, as one text: a row costs more than its content. NUL separates the values,
/// because none has one. A copy is present while the file that it names is the owner, and a deleted
/// file while the thread is deleted.
pub(crate) const OUTCOMES: &str = "SELECT group_concat(concat(path, char(0), fingerprint, char(0), \
       CASE WHEN outcome = 'indexed' THEN NULL ELSE json_array(outcome, problem, detail, CASE outcome \
         WHEN 'duplicate' THEN EXISTS (SELECT 1 FROM history_files AS file \
           WHERE file.path = page.detail AND file.file_id = page.file_id AND file.is_owner = 1) \
         WHEN 'deleted' THEN EXISTS (SELECT 1 FROM history_tombstones WHERE thread_id = page.thread_id) \
         ELSE 1 END) END), char(0)) \
     FROM (SELECT path, fingerprint, outcome, problem, detail, file_id, thread_id \
       FROM history_files WHERE path > ?1 ORDER BY path LIMIT +?2) AS page";

pub(crate) fn state_of(state: RunState) -> ProgressState {
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
impl Progress for HistoryProgress {
    type Problem = HistoryProblem;

    async fn state(&self) -> Result<ProgressState, BoxError> {
        Ok(self.db.read(async |conn| RUNS.state(conn).await.map(state_of)).await?)
    }

    async fn acquire(&self, owner: &str, term: Term) -> Result<Acquired, BoxError> {
        let acquire = async |conn: &mut SqliteConnection| {
            Ok(RUNS.acquire(conn, owner, term.now, term.expires_at).await?)
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
            Finish::Complete => RUNS.complete(conn, lease.token, now).await,
            Finish::Interrupted => RUNS.interrupt(conn, lease.token).await,
        })
        .await
    }

    async fn outcomes(&self, after: Option<&str>, limit: usize) -> Result<Vec<StoredOutcome>, BoxError> {
        let page = sqlx::query_scalar(OUTCOMES).bind(after.unwrap_or("").to_owned());
        let page = page.bind(i64::try_from(limit).unwrap_or(i64::MAX));
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

/// A file's outcome, problem and detail, and 1 if the outcome still holds.
type Exception = (String, Option<String>, Option<String>, u8);

/// Makes an outcome. `exception` is an [`Exception`] as JSON, empty if the file is indexed.
fn outcome_of(key: String, fingerprint: String, exception: &str) -> Result<StoredOutcome, BoxError> {
    if exception.is_empty() {
        return Ok(StoredOutcome { key, fingerprint, state: OutcomeState::Indexed, present: true });
    }
    let (outcome, problem, detail, present): Exception = serde_json::from_str(exception)?;
    let state = match outcome.as_str() {
        "duplicate" => OutcomeState::Duplicate { of: detail.unwrap_or_default() },
        "deleted" => OutcomeState::Excluded,
        "failed" => OutcomeState::Failed(HistoryProblem::stored(problem.unwrap_or_default(), detail)),
        _ => OutcomeState::Indexed,
    };
    Ok(StoredOutcome { key, fingerprint, state, present: present == 1 })
}

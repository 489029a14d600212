//! The ports of `threadkeep-memories`, over this index and the rollouts of an agent home.

mod claim;
mod files;
mod jobs;
mod lock;
mod outputs;
mod text;
mod verdict;

use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection};
use threadkeep_memories::{BoxError, WriteError};
use threadkeep_sqlite::telemetry::{self, names};
use threadkeep_sqlite::{Database, DbError, Durability};

pub use files::MemoryFiles;
pub use lock::stale_holder;
pub use text::HomeTexts;

use crate::runtime::StateRuntime;

/// Jobs, memories and the lock of consolidation. Cheap to clone; all clones share one database.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    db: Database,
}

/// Statements that are put together at run time, by name.
pub(crate) fn statements() -> Vec<(String, String)> {
    verdict::statements().into_iter().chain(outputs::statements()).collect()
}

impl StateRuntime {
    /// Returns the jobs, the memories and the lock of their consolidation.
    pub fn memories(&self) -> MemoryStore {
        MemoryStore::new(self.database().clone())
    }
}

impl MemoryStore {
    pub(crate) fn new(db: Database) -> MemoryStore {
        MemoryStore { db }
    }

    /// Runs a change under a lease: it returns false if the lease is no longer the current one, and
    /// then nothing is written.
    async fn under_lease(
        &self,
        durability: Durability,
        change: impl AsyncFnOnce(&mut SqliteConnection) -> Result<bool, sqlx::Error> + Send,
    ) -> Result<(), WriteError> {
        let changed: Result<bool, DbError> =
            self.db.write(durability, async |conn| Ok(change(conn).await?)).await;
        match changed {
            Ok(true) => Ok(()),
            Ok(false) => Err(WriteError::LeaseLost),
            Err(error) => Err(WriteError::Backend(BoxError::from(error))),
        }
    }

    /// Runs one statement under a lease: it changes no row if the lease is no longer the current
    /// one.
    async fn change_under_lease(&self, change: Change<'_>) -> Result<(), WriteError> {
        let run = async |conn: &mut SqliteConnection| Ok(change.execute(conn).await?.rows_affected() == 1);
        self.under_lease(Durability::Usual, run).await
    }
}

/// Counts a job's end: with its status if it was stored, otherwise as lost or failed.
fn report_end(
    phase: &'static str,
    status: &'static str,
    ended: Result<(), WriteError>,
) -> Result<(), WriteError> {
    let status = match &ended {
        Ok(()) => status,
        Err(WriteError::LeaseLost) => "lost",
        Err(_) => "error",
    };
    telemetry::count(
        names::MEMORY_JOB,
        1,
        &[("db", crate::STATE_DB.label), ("status", status), ("phase", phase)],
    );
    ended
}

/// Statement that changes one row if a lease is the current one.
type Change<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// Takes the next fencing tokens, and returns the first.
async fn next_tokens(conn: &mut SqliteConnection, count: usize) -> Result<i64, sqlx::Error> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let last: i64 = sqlx::query_scalar(
        "INSERT INTO memory_consolidation (id, token) VALUES (1, ?1) \
         ON CONFLICT (id) DO UPDATE SET token = token + ?1 RETURNING token",
    )
    .bind(count)
    .fetch_one(conn)
    .await?;
    Ok(last - count + 1)
}

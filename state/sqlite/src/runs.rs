//! The runs of a program over a store: a table of one row, with a lease and a watermark.

use jiff::{SignedDuration, Timestamp};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::owner::owner_is_dead;
use crate::row::RowReader;

/// Maximum of a lease's remaining time. A longer one was not written by a working clock.
const LONGEST_LEASE: SignedDuration = SignedDuration::from_hours(24);

/// A store's table of its runs, of which one at a time has the lease.
///
/// The store creates it in a migration: `id INTEGER PRIMARY KEY`, always 1; `status` (`pending`,
/// `running` or `complete`), `watermark`, `last_success_at_ms`, `lease_owner`, `lease_token` (0 at
/// first) and `lease_expires_ms`. Each lease has a token of its own, and a write that names an
/// older one does nothing.
#[derive(Debug, Clone, Copy)]
pub struct Runs {
    table: &'static str,
}

/// State of a store's runs. The default is that of a store that had none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunState {
    /// Status of the last run.
    pub status: RunStatus,
    /// Key up to which an unfinished run is done.
    pub watermark: Option<String>,
    /// End of the last complete run.
    pub last_success_at: Option<Timestamp>,
    /// The lease, expired or not. `None` once it was given back.
    pub lease: Option<RunLease>,
}

/// Status of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RunStatus {
    /// None runs, and the last one did not go through.
    #[default]
    Pending,
    /// One runs, or its process died.
    Running,
    /// The last one went through.
    Complete,
}

/// Lease of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLease {
    /// Name of the holder: see [`lease_owner`](crate::lease_owner).
    pub owner: String,
    /// Number of the lease.
    pub token: i64,
    /// Expiry, unless it is renewed.
    pub expires_at: Timestamp,
}

impl Runs {
    /// Names the table.
    #[must_use]
    pub const fn new(table: &'static str) -> Self {
        Self { table }
    }

    /// Reads the state.
    ///
    /// # Errors
    ///
    /// The error of SQLite.
    pub async fn state(&self, conn: &mut SqliteConnection) -> Result<RunState, sqlx::Error> {
        // No run was made, or its row was lost; the next one makes it again.
        let row = sqlx::query(self.sql(STATE)).fetch_optional(conn).await?;
        row.as_ref().map_or_else(|| Ok(RunState::default()), state_of)
    }

    /// Takes the lease, unless another owner has it that may be alive. Returns the state as it was,
    /// and the token of the new lease, or `None` if the other one keeps it.
    ///
    /// # Errors
    ///
    /// The error of SQLite.
    pub async fn acquire(
        &self,
        conn: &mut SqliteConnection,
        owner: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(RunState, Option<i64>), sqlx::Error> {
        self.take(conn, ACQUIRE, owner, now, expires_at).await
    }

    /// Takes the lease as [`acquire`](Self::acquire) does, for a run over a part of the store's
    /// source: it neither begins nor continues a run over all of it, and is ended by
    /// [`release`](Self::release).
    ///
    /// # Errors
    ///
    /// The error of SQLite.
    pub async fn acquire_for_part(
        &self,
        conn: &mut SqliteConnection,
        owner: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(RunState, Option<i64>), sqlx::Error> {
        let (state, token) = self.take(conn, LEASE, owner, now, expires_at).await?;
        Ok((RunState { watermark: None, ..state }, token))
    }

    async fn take(
        &self,
        conn: &mut SqliteConnection,
        grant: &str,
        owner: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(RunState, Option<i64>), sqlx::Error> {
        let state = self.state(&mut *conn).await?;
        let is_held = state.lease.as_ref().is_some_and(|held| {
            held.expires_at > now
                && held.expires_at.duration_since(now) <= LONGEST_LEASE
                && !owner_is_dead(&held.owner)
        });
        if is_held {
            return Ok((state, None));
        }
        let grant = sqlx::query_scalar(self.sql(grant)).bind(owner).bind(expires_at.as_millisecond());
        Ok((state, Some(grant.fetch_one(conn).await?)))
    }

    /// Renews the lease, and moves the watermark if there is one. Returns false if the lease is
    /// lost.
    ///
    /// # Errors
    ///
    /// The error of SQLite.
    pub async fn renew(
        &self,
        conn: &mut SqliteConnection,
        token: i64,
        watermark: Option<&str>,
        expires_at: Timestamp,
    ) -> Result<bool, sqlx::Error> {
        let renew = sqlx::query(self.sql(RENEW)).bind(token).bind(watermark);
        let renewed = renew.bind(expires_at.as_millisecond()).execute(conn).await?;
        Ok(renewed.rows_affected() == 1)
    }

    /// Gives the lease back after a run that went through. Returns false if the lease is lost.
    ///
    /// # Errors
    ///
    /// The error of SQLite.
    pub async fn complete(
        &self,
        conn: &mut SqliteConnection,
        token: i64,
        success_at: Timestamp,
    ) -> Result<bool, sqlx::Error> {
        let complete = sqlx::query(self.sql(COMPLETE)).bind(token);
        let completed = complete.bind(success_at.as_millisecond()).execute(conn).await?;
        Ok(completed.rows_affected() == 1)
    }

    /// Gives the lease back after a run that did not go through. Returns false if the lease is
    /// lost.
    ///
    /// # Errors
    ///
    /// The error of SQLite.
    pub async fn interrupt(&self, conn: &mut SqliteConnection, token: i64) -> Result<bool, sqlx::Error> {
        let interrupted = sqlx::query(self.sql(INTERRUPT)).bind(token).execute(conn).await?;
        Ok(interrupted.rows_affected() == 1)
    }

    /// Gives the lease back after a run over a part. Returns false if the lease is lost.
    ///
    /// # Errors
    ///
    /// The error of SQLite.
    pub async fn release(&self, conn: &mut SqliteConnection, token: i64) -> Result<bool, sqlx::Error> {
        let released = sqlx::query(self.sql(RELEASE)).bind(token).execute(conn).await?;
        Ok(released.rows_affected() == 1)
    }

    /// Returns the statements by name, for audits of their plans.
    #[must_use]
    pub fn statements(&self) -> Vec<(String, String)> {
        let named = [
            ("state", STATE),
            ("acquire", ACQUIRE),
            ("renew", RENEW),
            ("complete", COMPLETE),
            ("interrupt", INTERRUPT),
            ("acquire for part", LEASE),
            ("release", RELEASE),
        ];
        let named = named.into_iter();
        named.map(|(name, sql)| (format!("{}, {name}", self.table), sql.replace("{}", self.table))).collect()
    }

    fn sql(&self, statement: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(statement.replace("{}", self.table))
    }
}

// `{}` stands for the table.
const STATE: &str = "SELECT status, watermark, last_success_at_ms, lease_owner, lease_token, lease_expires_ms \
     FROM {} WHERE id = 1";
const ACQUIRE: &str = "INSERT INTO {} (id, status, lease_owner, lease_token, lease_expires_ms) \
     VALUES (1, 'running', ?1, 1, ?2) ON CONFLICT (id) DO UPDATE SET status = 'running', \
       lease_owner = ?1, lease_token = lease_token + 1, lease_expires_ms = ?2 RETURNING lease_token";
const RENEW: &str = "UPDATE {} SET watermark = coalesce(?2, watermark), lease_expires_ms = ?3 \
     WHERE id = 1 AND lease_token = ?1 AND lease_owner IS NOT NULL";
const COMPLETE: &str = "UPDATE {} SET status = 'complete', watermark = NULL, \
       last_success_at_ms = ?2, lease_owner = NULL, lease_expires_ms = NULL \
     WHERE id = 1 AND lease_token = ?1 AND lease_owner IS NOT NULL";
const INTERRUPT: &str = "UPDATE {} SET status = 'pending', lease_owner = NULL, lease_expires_ms = NULL \
     WHERE id = 1 AND lease_token = ?1 AND lease_owner IS NOT NULL";
const LEASE: &str = "INSERT INTO {} (id, status, lease_owner, lease_token, lease_expires_ms) \
     VALUES (1, 'pending', ?1, 1, ?2) ON CONFLICT (id) DO UPDATE SET \
       lease_owner = ?1, lease_token = lease_token + 1, lease_expires_ms = ?2 RETURNING lease_token";
const RELEASE: &str = "UPDATE {} SET lease_owner = NULL, lease_expires_ms = NULL \
     WHERE id = 1 AND lease_token = ?1 AND lease_owner IS NOT NULL";

fn state_of(row: &SqliteRow) -> Result<RunState, sqlx::Error> {
    let mut row = RowReader::new(row);
    let status = match row.column::<&str>()? {
        "running" => RunStatus::Running,
        "complete" => RunStatus::Complete,
        _ => RunStatus::Pending,
    };
    let watermark = row.column()?;
    let last_success_at = row.optional_time()?;
    let owner: Option<String> = row.column()?;
    let token = row.column()?;
    // An expiry beyond all time counts as too long: see `LONGEST_LEASE`.
    let expires_ms: Option<i64> = row.column()?;
    let expires_at = expires_ms.map(|ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX));
    let lease = owner.zip(expires_at).map(|(owner, expires_at)| RunLease { owner, token, expires_at });
    Ok(RunState { status, watermark, last_success_at, lease })
}

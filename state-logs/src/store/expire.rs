//! Deletes old rows, and returns unused pages to the file system.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Executor as _};
use threadkeep_sqlite::Durability;

use super::LogStore;
use super::place::last_id;
use crate::error::LogError;

/// Number of rows to delete in one transaction, so that other writers do not wait for long.
const BATCH: i64 = 1_000;

/// Number of pages to return to the file system in one transaction.
const PAGES: u32 = 1_024;

/// Number of unused pages to keep for the next rows.
const SPARE_PAGES: i64 = 256;

impl LogStore {
    /// Deletes rows that are older than `keep`, by this call and by the one before. Returns their
    /// number.
    ///
    /// So a clock that is wrong once cannot empty the log.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`] and [`LogError::Database`]; rows deleted by then stay deleted.
    pub async fn expire(&self, now: Timestamp, keep: Duration) -> Result<u64, LogError> {
        let Some(db) = self.database.existing().await? else { return Ok(0) };
        // A duration beyond all time keeps rows for ever.
        let before = SignedDuration::try_from(keep).ok().and_then(|keep| now.checked_sub(keep).ok());
        let Some(before) = before.map(Timestamp::as_millisecond) else { return Ok(0) };
        let agreed = db.write::<_, LogError>(Durability::Usual, async |conn| Ok(agree(conn, before).await?));
        let before = agreed.await?;
        let mut expired = 0;
        loop {
            let deleted = db
                .write::<_, LogError>(Durability::Usual, async |conn| Ok(delete_batch(conn, before).await?));
            let deleted = deleted.await?;
            expired += deleted;
            if deleted < BATCH.unsigned_abs() {
                return Ok(expired);
            }
        }
    }

    /// Returns unused pages to the file system, except some that the next rows will use.
    pub(crate) async fn give_back_pages(&self) -> Result<(), LogError> {
        let Some(db) = self.database.existing().await? else { return Ok(()) };
        const UNUSED: &str = "PRAGMA freelist_count";
        let unused: i64 = db.read(async |conn| sqlx::query_scalar(UNUSED).fetch_one(conn).await).await?;
        let too_many = u32::try_from(unused - SPARE_PAGES).unwrap_or(0);
        if too_many > 0 {
            let vacuum = AssertSqlSafe(format!("PRAGMA incremental_vacuum({})", too_many.min(PAGES)));
            db.write::<_, LogError>(Durability::Usual, async |conn| Ok(conn.execute(vacuum).await?)).await?;
        }
        Ok(())
    }
}

/// Remembers this time, and returns the earlier of it and the one before.
async fn agree(conn: &mut SqliteConnection, before: i64) -> Result<i64, sqlx::Error> {
    let last = sqlx::query_scalar("SELECT expired_before_ms FROM log_totals WHERE id = 1");
    let last: Option<i64> = last.fetch_one(&mut *conn).await?;
    let remember = sqlx::query("UPDATE log_totals SET expired_before_ms = ?1 WHERE id = 1").bind(before);
    remember.execute(conn).await?;
    Ok(last.map_or(before, |last| last.min(before)))
}

async fn delete_batch(conn: &mut SqliteConnection, before: i64) -> Result<u64, sqlx::Error> {
    let late = sqlx::query_scalar("SELECT most_late_ms FROM log_totals WHERE id = 1");
    let late = late.fetch_one(&mut *conn).await?;
    let deleted = sqlx::query(
        "DELETE FROM log_rows WHERE place IN \
           (SELECT place FROM log_rows WHERE id <= ?1 AND at_ms < ?2 ORDER BY id LIMIT +?3)",
    )
    .bind(last_id(before, late))
    .bind(before)
    .bind(BATCH)
    .execute(&mut *conn)
    .await?;
    sqlx::query("DELETE FROM log_partitions WHERE row_count = 0").execute(conn).await?;
    Ok(deleted.rows_affected())
}

//! Makes room in a partition by deleting its oldest rows.
//!
//! This comes before the new rows, in the same transaction. So the new rows take the pages of the
//! old ones, and each page is written once, not twice.

use sqlx::sqlite::SqliteConnection;

use super::partition::{Partition, Share};
use super::place::places;
use crate::options::Keep;

/// Least number of rows to read in one statement where bytes are above the limit.
const LOOKED_AT: u64 = 64;

/// Deletes as many of a partition's oldest rows as its share of the batch exceeds the limits.
pub(crate) async fn make_room(
    conn: &mut SqliteConnection,
    partition: &Partition,
    share: &Share<'_>,
    keep: Keep,
) -> Result<(), sqlx::Error> {
    let mut rows = (partition.rows + share.rows.len() as u64).saturating_sub(keep.rows);
    if share.is_overfull {
        // All stored rows are older than the rows that were left out.
        rows = partition.rows;
    }
    let mut bytes = (partition.bytes + share.bytes).saturating_sub(keep.bytes);
    while rows > 0 || bytes > 0 {
        let oldest = oldest(conn, partition.id, rows.max(LOOKED_AT)).await?;
        let Some((mut last, _)) = oldest.first().copied() else { return Ok(()) };
        for (place, size) in oldest {
            if rows == 0 && bytes == 0 {
                break;
            }
            last = place;
            rows = rows.saturating_sub(1);
            bytes = bytes.saturating_sub(size);
        }
        sqlx::query("DELETE FROM log_rows WHERE place BETWEEN ?1 AND ?2")
            .bind(places(partition.id).start())
            .bind(last)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Reads the places and sizes of a partition's oldest rows.
async fn oldest(
    conn: &mut SqliteConnection,
    partition: i64,
    limit: u64,
) -> Result<Vec<(i64, u64)>, sqlx::Error> {
    let places = places(partition);
    sqlx::query_as("SELECT place, bytes FROM log_rows WHERE place BETWEEN ?1 AND ?2 ORDER BY place LIMIT +?3")
        .bind(places.start())
        .bind(places.end())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(conn)
        .await
}

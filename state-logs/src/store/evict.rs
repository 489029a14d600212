//! Makes room in a partition: the oldest rows go.
//!
//! It is done before the new rows are written, in the same transaction: what is written then takes the pages that the old rows
//! leave, and each page is written once and not twice.

use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::partition::{Partition, Share};
use super::place::places;
use crate::options::Keep;

/// How many rows are looked at in one statement at least, where it is bytes that are too many.
const LOOKED_AT: u64 = 64;

/// Deletes the oldest rows of a partition, as many as are too many when its share is added.
pub(crate) async fn make_room(
    conn: &mut SqliteConnection,
    partition: &Partition,
    share: &Share<'_>,
    keep: Keep,
) -> Result<(), sqlx::Error> {
    let mut rows = (partition.rows + share.rows.len() as u64).saturating_sub(keep.rows);
    if share.is_overfull {
        // All of them are older than the rows that were left out.
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
    let rows = sqlx::query(
        "SELECT place, bytes FROM log_rows WHERE place BETWEEN ?1 AND ?2 ORDER BY place LIMIT ?3",
    )
    .bind(places.start())
    .bind(places.end())
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let bytes: i64 = row.try_get(1)?;
            Ok((row.try_get(0)?, u64::try_from(bytes).unwrap_or(0)))
        })
        .collect()
}

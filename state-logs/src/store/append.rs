//! Adds a batch of rows in one transaction, which also makes room for them.

use sqlx::sqlite::SqliteConnection;
use threadkeep_sqlite::{Durability, json};

use super::LogStore;
use super::erase::TOMBSTONES;
use super::evict::make_room;
use super::new_row::NewRow;
use super::partition::{partitions, shares};
use super::place::{late_ms, next_id, place};
use crate::error::LogError;
use crate::options::Keep;

/// One statement for any number of rows, as a JSON array: a statement costs more than a row.
const INSERT: &str = "INSERT INTO log_rows (place, id, at_ms, level, target, message, fields, spans, process_id, module, file, \
     line, is_cut, bytes) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, \
       value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13 FROM jsonb_each(?1)";

impl LogStore {
    /// Adds rows, deletes the oldest rows above the limits, and adds to the count of dropped rows.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`] and [`LogError::Database`]; nothing was written.
    #[doc(hidden)]
    pub async fn append(&self, rows: &[NewRow], keep: Keep, dropped: u64) -> Result<(), LogError> {
        let db = self.database.get().await?;
        db.write(Durability::Usual, async |conn| Ok(add(conn, rows, keep, dropped).await?)).await
    }
}

/// Adds a batch after making room for it.
async fn add(
    conn: &mut SqliteConnection,
    batch: &[NewRow],
    keep: Keep,
    dropped: u64,
) -> Result<(), sqlx::Error> {
    let mut shares = shares(batch, keep);
    // Rows of deleted threads are dropped.
    let threads = shares.iter().filter_map(|share| share.owner.thread_id);
    let deleted = TOMBSTONES.deleted_among(conn, threads).await?;
    shares.retain(|share| share.owner.thread_id.is_none_or(|thread| !deleted.contains(&thread)));
    let partitions = partitions(conn, &shares).await?;
    for (partition, share) in partitions.iter().zip(&shares) {
        make_room(conn, partition, share, keep).await?;
    }
    let totals = sqlx::query_as("SELECT last_id, most_late_ms FROM log_totals WHERE id = 1");
    let (mut last_id, mut most_late): (i64, i64) = totals.fetch_one(&mut *conn).await?;

    let mut placed: Vec<(usize, i64, &NewRow)> = Vec::with_capacity(batch.len());
    for (partition, share) in partitions.iter().zip(&shares) {
        let positions = partition.last_position + 1..;
        let rows = positions.zip(&share.rows);
        placed.extend(rows.map(|(position, (at, row))| (*at, place(partition.id, position), *row)));
    }
    // Ids are given in the order of the batch.
    placed.sort_unstable_by_key(|(at, ..)| *at);
    let columns: Vec<_> = placed
        .iter()
        .map(|(_, place, row)| {
            last_id = next_id(last_id, row.at);
            most_late = most_late.max(late_ms(last_id, row.at));
            row.columns(*place, last_id)
        })
        .collect();
    sqlx::query(INSERT).bind(json(&columns)).execute(&mut *conn).await?;

    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    sqlx::query(
        "UPDATE log_totals SET last_id = ?1, most_late_ms = ?2, logged_bytes = logged_bytes + ?3, \
         dropped_rows = dropped_rows + ?4 WHERE id = 1",
    )
    .bind(last_id)
    .bind(most_late)
    .bind(count(batch.iter().map(NewRow::bytes).sum()))
    .bind(count(dropped))
    .execute(conn)
    .await?;
    Ok(())
}

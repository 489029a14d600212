//! Partitions: the owners of rows, and the size of each.

use std::collections::HashMap;

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use threadkeep_sqlite::{JsonText, RowReader, json, uuid_text};
use uuid::Uuid;

use super::new_row::NewRow;
use crate::options::Keep;

/// Owner of rows: a thread, a process for its threadless rows, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    pub(crate) thread_id: Option<Uuid>,
    process_id: Option<Uuid>,
}

impl Owner {
    pub(crate) fn of(row: &NewRow) -> Owner {
        // A thread's rows are kept together, whichever processes wrote them.
        let process_id = row.process_id.filter(|_| row.thread_id.is_none());
        Owner { thread_id: row.thread_id, process_id }
    }

    /// Returns the two columns, '' for none.
    fn columns(self) -> [String; 2] {
        [self.thread_id, self.process_id].map(|id| id.map_or_else(String::new, uuid_text))
    }
}

/// A partition before a batch is added to it.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) id: i64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) last_position: i64,
}

/// An owner's rows of a batch.
#[derive(Debug)]
pub(crate) struct Share<'a> {
    pub(crate) owner: Owner,
    /// Rows, each with its position in the batch.
    pub(crate) rows: Vec<(usize, &'a NewRow)>,
    pub(crate) bytes: u64,
    /// True if its oldest rows were left out, because the later ones would evict them at once.
    pub(crate) is_overfull: bool,
}

/// Divides a batch among the owners of its rows.
pub(crate) fn shares(batch: &[NewRow], keep: Keep) -> Vec<Share<'_>> {
    let mut shares: Vec<Share<'_>> = Vec::new();
    let mut known: HashMap<Owner, usize> = HashMap::new();
    for (position, row) in batch.iter().enumerate().rev() {
        let owner = Owner::of(row);
        let at = *known.entry(owner).or_insert_with(|| {
            shares.push(Share { owner, rows: Vec::new(), bytes: 0, is_overfull: false });
            shares.len() - 1
        });
        let share = &mut shares[at];
        let is_full = share.rows.len() as u64 >= keep.rows || share.bytes + row.bytes() > keep.bytes;
        // The newest row is kept, even if it is too large.
        share.is_overfull |= is_full && !share.rows.is_empty();
        if !share.is_overfull {
            share.bytes += row.bytes();
            share.rows.push((position, row));
        }
    }
    shares.iter_mut().for_each(|share| share.rows.reverse());
    shares
}

/// Returns the partitions of the shares in their order, and creates missing ones.
pub(crate) async fn partitions(
    conn: &mut SqliteConnection,
    shares: &[Share<'_>],
) -> Result<Vec<Partition>, sqlx::Error> {
    let owners: Vec<[String; 2]> = shares.iter().map(|share| share.owner.columns()).collect();
    let owners = json(&owners);
    let found = select(conn, &owners).await?;
    if found.len() == shares.len() {
        return Ok(found);
    }
    sqlx::query(
        "INSERT INTO log_partitions (thread_id, process_id) \
         SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING",
    )
    .bind(&owners)
    .execute(&mut *conn)
    .await?;
    select(conn, &owners).await
}

/// Returns the ids of the partitions of threads, each once.
pub(crate) async fn partitions_of(
    conn: &mut SqliteConnection,
    threads: &[Uuid],
) -> Result<Vec<i64>, sqlx::Error> {
    let mut threads: Vec<String> = threads.iter().copied().map(uuid_text).collect();
    threads.sort_unstable();
    threads.dedup();
    sqlx::query_scalar(
        "SELECT log_partitions.id FROM json_each(?1) AS thread \
         CROSS JOIN log_partitions ON thread_id = thread.value AND process_id = ''",
    )
    .bind(json(&threads))
    .fetch_all(conn)
    .await
}

/// Reads existing partitions in the order of their owners.
async fn select(conn: &mut SqliteConnection, owners: &JsonText) -> Result<Vec<Partition>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT log_partitions.id, row_count, byte_count, last_position FROM json_each(?1) AS owner \
         CROSS JOIN log_partitions ON thread_id = owner.value ->> 0 AND process_id = owner.value ->> 1",
    )
    .bind(owners)
    .fetch_all(conn)
    .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &SqliteRow) -> Result<Partition, sqlx::Error> {
    let mut row = RowReader::new(row);
    Ok(Partition {
        id: row.column()?,
        rows: row.column()?,
        bytes: row.column()?,
        last_position: row.column()?,
    })
}

//! Adds a batch of rows, in one transaction that also makes room for them.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use threadkeep_sqlite::text_of;
use uuid::Uuid;

use super::LogStore;
use super::evict::make_room;
use super::partition::{partitions, shares};
use super::place::{late_ms, next_id, place};
use super::written::Measured;
use crate::error::LogError;
use crate::level::Level;
use crate::options::Keep;

/// A row that is to be added: what a layer makes of an event. Its texts are stored as they are.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct NewRow {
    /// The thread that it belongs to.
    pub thread_id: Option<Uuid>,
    /// The process that logged it.
    pub process_id: Option<Uuid>,
    /// When it happened.
    pub at: Timestamp,
    /// How grave it is.
    pub level: Level,
    /// What it is about, by the words of the program.
    pub target: String,
    /// What happened.
    pub message: String,
    /// The text of a JSON object.
    pub fields: Option<String>,
    /// The text of a JSON array of objects with `name` and `fields`.
    pub spans: Option<String>,
    /// The module that logged it.
    pub module: Option<String>,
    /// The source file of that.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u32>,
    /// Whether some of it was cut off.
    pub is_cut: bool,
}

impl NewRow {
    /// The bytes of a process's id.
    pub(crate) const PROCESS_BYTES: usize = 36;

    /// Counts the bytes of its texts.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let optional = [&self.fields, &self.spans, &self.module, &self.file];
        let optional: usize = optional.into_iter().flatten().map(String::len).sum();
        let process = self.process_id.map_or(0, |_| Self::PROCESS_BYTES);
        (process + self.target.len() + self.message.len() + optional) as u64
    }

    fn columns(&self, place: i64, id: i64) -> Columns<'_> {
        Columns(
            place,
            id,
            self.at.as_millisecond(),
            self.level.number(),
            &self.target,
            &self.message,
            self.fields.as_deref(),
            self.spans.as_deref(),
            self.process_id.map(text_of),
            self.module.as_deref(),
            self.file.as_deref(),
            self.line,
            i64::from(self.is_cut),
            self.bytes(),
        )
    }
}

/// The columns of a row as a JSON array, in the order of [`INSERT`].
#[derive(Serialize)]
struct Columns<'a>(
    i64,
    i64,
    i64,
    i64,
    &'a str,
    &'a str,
    Option<&'a str>,
    Option<&'a str>,
    Option<String>,
    Option<&'a str>,
    Option<&'a str>,
    Option<u32>,
    i64,
    u64,
);

/// One statement for any number of rows: they are one JSON array, because a statement costs more than a row.
const INSERT: &str = "INSERT INTO log_rows (place, id, at_ms, level, target, message, fields, spans, process_id, module, file, \
     line, is_cut, bytes) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, \
       value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13 FROM jsonb_each(?1)";

impl LogStore {
    /// Adds rows, and deletes the oldest ones that are then too many. What a writer does; for benches and imports.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`] and [`LogError::Database`]; nothing was written.
    #[doc(hidden)]
    pub async fn append(&self, rows: &[NewRow], keep: Keep) -> Result<(), LogError> {
        self.append_counting(rows, keep, 0).await
    }

    /// Adds rows, and counts others that were dropped.
    pub(crate) async fn append_counting(
        &self,
        rows: &[NewRow],
        keep: Keep,
        dropped: u64,
    ) -> Result<(), LogError> {
        let db = self.database.get().await?;
        let mut tx = db.begin().await?;
        let measured = self.written.known();
        let logged = rows.iter().map(NewRow::bytes).sum::<u64>();
        let logged = i64::try_from(logged).unwrap_or(i64::MAX);
        let added = async {
            self.written.watch(tx.conn()).await?;
            add(tx.conn(), rows, keep).await?;
            count(tx.conn(), logged, measured, dropped).await
        };
        added.await.map_err(|error| db.error(error))?;
        tx.commit().await?;
        self.written.committed(measured, logged);
        Ok(())
    }
}

/// Adds a batch, after it has made room for it.
async fn add(conn: &mut SqliteConnection, batch: &[NewRow], keep: Keep) -> Result<(), sqlx::Error> {
    let mut shares = shares(batch, keep);
    let partitions = partitions(conn, &mut shares).await?;
    for (partition, share) in partitions.iter().zip(&shares) {
        make_room(conn, partition, share, keep).await?;
    }
    let totals = sqlx::query("SELECT last_id, most_late_ms FROM log_totals WHERE id = 1")
        .fetch_one(&mut *conn)
        .await?;
    let (mut last_id, mut most_late): (i64, i64) = (totals.try_get(0)?, totals.try_get(1)?);

    let mut placed: Vec<(usize, i64, &NewRow)> = Vec::with_capacity(batch.len());
    for (partition, share) in partitions.iter().zip(&shares) {
        let positions = partition.last_position + 1..;
        let rows = positions.zip(&share.rows);
        placed.extend(rows.map(|(position, (at, row))| (*at, place(partition.id, position), *row)));
    }
    // Ids are given in the order of the batch.
    placed.sort_unstable_by_key(|(at, ..)| *at);
    let columns: Vec<Columns<'_>> = placed
        .iter()
        .map(|(_, place, row)| {
            last_id = next_id(last_id, row.at);
            most_late = most_late.max(late_ms(last_id, row.at));
            row.columns(*place, last_id)
        })
        .collect();
    let columns = serde_json::to_string(&columns).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    sqlx::query(INSERT).bind(columns).execute(&mut *conn).await?;

    sqlx::query("UPDATE log_totals SET last_id = ?1, most_late_ms = ?2 WHERE id = 1")
        .bind(last_id)
        .bind(most_late)
        .execute(conn)
        .await?;
    Ok(())
}

/// Counts what a batch adds to the totals, with what is known by now of earlier ones.
async fn count(
    conn: &mut SqliteConnection,
    logged: i64,
    measured: Option<Measured>,
    dropped: u64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE log_totals SET logged_bytes = logged_bytes + ?1, \
           written_bytes = CASE WHEN ?2 IS NULL THEN written_bytes ELSE coalesce(written_bytes, 0) + ?2 END, \
           measured_bytes = measured_bytes + ?3, dropped_rows = dropped_rows + ?4 WHERE id = 1",
    )
    .bind(logged)
    .bind(measured.map(|measured| measured.written))
    .bind(measured.map_or(0, |measured| measured.logged))
    .bind(i64::try_from(dropped).unwrap_or(i64::MAX))
    .execute(conn)
    .await?;
    Ok(())
}

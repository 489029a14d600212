//! The table `pending_deletions`: work that deletions, and restorations, have left for their
//! participants.
//!
//! A row says only that a participant must be brought in line with the index. It erases a thread
//! that is deleted by then, and restores a thread that was brought back meanwhile. A row with the
//! thread `all` stands for all deleted threads: the index learned of some from its file of
//! decisions, and does not know which of them the participant knows.

use jiff::Timestamp;
use sqlx::SqliteConnection;
use threadkeep_sqlite::{Database, DbError, RowReader, json, uuid_text};
use uuid::Uuid;

use super::participant::PARTICIPANTS;

/// Work that a deletion has left for later. The next opening tries again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingDeletion {
    /// Id of the thread.
    pub thread_id: Uuid,
    /// Label of the participant: `goals`, `logs`, `memories` for the files of memories, or `state`
    /// for those of the index.
    pub participant: String,
    /// Reason why it could not be done yet.
    pub reason: String,
}

/// Content of `participant` in a row of a thread that is forgotten: once it is erased everywhere,
/// nothing keeps it from being indexed again.
pub(super) const FORGET: &str = "forget";

/// Content of `thread_id` in a row for all deleted threads. Older programs leave it out.
const ALL_THREADS: &str = "all";

/// A row of `pending_deletions`.
pub(super) struct Pending {
    /// `None`: all deleted threads.
    pub(super) thread_id: Option<Uuid>,
    pub(super) participant: String,
    /// Time at which the row was written. For a deletion, the time at which the thread was deleted.
    pub(super) since: Timestamp,
}

/// Adds a row for every participant and thread.
pub(super) async fn add(conn: &mut SqliteConnection, ids: &[Uuid], now_ms: i64) -> Result<(), sqlx::Error> {
    add_for(conn, ids, &PARTICIPANTS, now_ms).await
}

async fn add_for(
    conn: &mut SqliteConnection,
    ids: &[Uuid],
    participants: &[&str],
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO pending_deletions (thread_id, participant, created_at_ms) \
         SELECT thread.value, participant.value, ?3 FROM json_each(?1) AS thread, json_each(?2) AS participant \
         WHERE true ON CONFLICT (thread_id, participant) DO NOTHING",
    )
    .bind(json(ids))
    .bind(json(participants))
    .bind(now_ms)
    .execute(conn)
    .await?;
    Ok(())
}

/// Returns every row, and leaves out rows that name no thread.
pub(super) async fn all(db: &Database) -> Result<Vec<Pending>, DbError> {
    const ALL: &str = "SELECT thread_id, participant, created_at_ms FROM pending_deletions \
         ORDER BY thread_id, participant";
    let rows = db.read(async |conn| sqlx::query(ALL).fetch_all(conn).await).await?;
    let read = |row: &sqlx::sqlite::SqliteRow| -> Option<Pending> {
        let is_for_all = RowReader::new(row).column::<String>().is_ok_and(|id| id == ALL_THREADS);
        let mut row = RowReader::new(row);
        let thread_id = row.uuid().ok();
        Some(Pending {
            thread_id: if is_for_all { None } else { Some(thread_id?) },
            participant: row.column().ok()?,
            since: row.time().ok()?,
        })
    };
    Ok(rows.iter().filter_map(read).collect())
}

/// Adds a row for each thread that is forgotten once its participants are done. Older programs
/// leave it alone, as the row of a participant that they do not know.
#[cfg(feature = "backfill")]
pub(super) async fn add_forgotten(
    conn: &mut SqliteConnection,
    ids: &[Uuid],
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    add_for(conn, ids, &[FORGET], now_ms).await
}

/// Removes a row, whose work is done.
pub(super) async fn remove(conn: &mut SqliteConnection, pending: &Pending) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM pending_deletions WHERE thread_id = ?1 AND participant = ?2")
        .bind(pending.thread_id.map_or_else(|| ALL_THREADS.to_owned(), uuid_text))
        .bind(&pending.participant)
        .execute(conn)
        .await?;
    Ok(())
}

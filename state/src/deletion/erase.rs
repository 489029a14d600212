//! Erases threads from an index: every statement that removes their rows, their words and their
//! edges.

use sqlx::SqliteConnection;
use threadkeep_sqlite::{RowReader, json};
use uuid::Uuid;

/// Statements that remove threads and their words from every table. Their memories go with their
/// rows. `?1` is a JSON array of arrays that begin with an id.
///
/// Their files keep their rows, without words: a pass that finds them unchanged need not read them
/// again. The threads' children become roots. Threads that their closings closed stay closed, each
/// as if its own closing had.
pub(crate) const ERASE: [&str; 7] = [
    "DELETE FROM threads WHERE id IN (SELECT value ->> 0 FROM jsonb_each(?1))",
    "DELETE FROM rollout_checkpoints WHERE path IN ( \
       SELECT path FROM rollouts WHERE thread_id IN (SELECT value ->> 0 FROM jsonb_each(?1)))",
    "UPDATE rollouts SET outcome = 'deleted', problem = NULL, detail = NULL \
     WHERE thread_id IN (SELECT value ->> 0 FROM jsonb_each(?1))",
    "DELETE FROM session_names WHERE thread_id IN (SELECT value ->> 0 FROM jsonb_each(?1))",
    "UPDATE agents SET parent_thread_id = NULL \
     WHERE parent_thread_id IN (SELECT value ->> 0 FROM jsonb_each(?1))",
    "UPDATE agents SET closed_by = thread_id \
     WHERE closed_by IN (SELECT value ->> 0 FROM jsonb_each(?1)) AND thread_id <> closed_by",
    "DELETE FROM agents WHERE thread_id IN (SELECT value ->> 0 FROM jsonb_each(?1))",
];

/// Returns those of these threads that have a row, in order.
pub(super) async fn indexed_among(
    conn: &mut SqliteConnection,
    ids: &[Uuid],
) -> Result<Vec<Uuid>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT id FROM threads WHERE id IN (SELECT value FROM json_each(?1)) ORDER BY id");
    let rows = rows.bind(json(ids)).fetch_all(conn).await?;
    rows.iter().map(|row| RowReader::new(row).uuid()).collect()
}

/// Erases threads from an index, or from a snapshot of one.
///
/// Threads that they spawned keep their id as that of their parent; the agent graph makes them
/// roots.
pub(super) async fn erase_threads(conn: &mut SqliteConnection, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    let rows = json(&ids.iter().map(|id| [id]).collect::<Vec<_>>());
    for statement in ERASE {
        sqlx::query(statement).bind(&rows).execute(&mut *conn).await?;
    }
    Ok(())
}

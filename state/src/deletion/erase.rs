//! Erases a thread from an index: every statement that removes its row, its words and its edges.

use sqlx::SqliteConnection;
use threadkeep_sqlite::uuid_text;
use uuid::Uuid;

use crate::graph::UNLINK;

/// Statements that remove the words of the thread `?1` from every table but `threads`. Its memory
/// goes with its row.
///
/// Its files keep their rows, without words: a pass that finds them unchanged need not read them
/// again.
const ERASE: [&str; 3] = [
    "DELETE FROM rollout_checkpoints WHERE path IN (SELECT path FROM rollouts WHERE thread_id = ?1)",
    "UPDATE rollouts SET outcome = 'deleted', problem = NULL, detail = NULL WHERE thread_id = ?1",
    "DELETE FROM session_names WHERE thread_id = ?1",
];

/// Erases a thread from an index, or from a snapshot of one. Returns true if the index had its row.
///
/// Threads that it spawned keep its id as that of their parent; the agent graph makes them roots.
pub(super) async fn erase_thread(conn: &mut SqliteConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    let id = uuid_text(id);
    let row = sqlx::query("DELETE FROM threads WHERE id = ?1").bind(&id).execute(&mut *conn).await?;
    for statement in ERASE.into_iter().chain(UNLINK) {
        sqlx::query(statement).bind(&id).execute(&mut *conn).await?;
    }
    Ok(row.rows_affected() > 0)
}

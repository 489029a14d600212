//! Deleted threads: erases what the history has of them, and lets nothing of them in.

use sqlx::SqliteConnection;
use threadkeep_sqlite::{Edit, RowReader, Tombstones, json};
use uuid::Uuid;

use crate::passages::remove_passages;

pub(crate) const TOMBSTONES: Tombstones = Tombstones::new("history_tombstones");

/// Erases threads. Their files keep their rows, so that a pass need not read them again.
pub(crate) fn erase(conn: &mut SqliteConnection, threads: Vec<Uuid>) -> Edit<'_> {
    Box::pin(async move {
        let files = sqlx::query(
            "SELECT id, is_owner FROM history_files WHERE thread_id IN (SELECT value FROM json_each(?1))",
        );
        let files = files.bind(json(&threads)).fetch_all(&mut *conn).await?;
        for row in &files {
            let mut row = RowReader::new(row);
            let (file, is_owner): (i64, bool) = (row.column()?, row.column()?);
            if is_owner {
                remove_content(conn, file).await?;
            }
            let keep = sqlx::query(
                "UPDATE history_files SET outcome = 'deleted', is_owner = 0, detail = NULL, problem = NULL, \
                   started_at_ms = NULL, base = NULL, copied_from = NULL, rollbacks = NULL \
                 WHERE id = ?1",
            );
            keep.bind(file).execute(&mut *conn).await?;
        }
        // The words of removed passages stay in the index until it is merged, once for all threads.
        // A pass may have removed some before, because their file was gone or had changed.
        let merge = sqlx::query("INSERT INTO history_words (history_words) VALUES ('optimize')");
        merge.execute(conn).await?;
        Ok(())
    })
}

/// Removes everything that came from a file.
pub(crate) async fn remove_content(conn: &mut SqliteConnection, file: i64) -> Result<(), sqlx::Error> {
    remove_passages(conn, file, 0).await?;
    for remove in [
        sqlx::query("DELETE FROM history_turns WHERE file = ?1"),
        sqlx::query("DELETE FROM history_usage WHERE file = ?1"),
        sqlx::query("DELETE FROM history_other_usage WHERE file = ?1"),
        sqlx::query("DELETE FROM history_checkpoints WHERE file = ?1"),
    ] {
        remove.bind(file).execute(&mut *conn).await?;
    }
    Ok(())
}

//! Takes a thread out of this database, and leaves in the same transaction what the rest of a deletion needs.

use jiff::Timestamp;
use uuid::Uuid;

use super::ThreadStore;
use super::upsert::DELETED_PARENT;
use crate::error::StateError;
use crate::graph::UNLINK;
use crate::row::text_of;
use crate::tombstone;

/// Takes the thread `?1` out of the rows of those that it spawned: `?2` stands for it where a child says what started it.
const FORGET_PARENT: &str = "UPDATE threads SET parent_thread_id = NULL, source = replace(source, ?1, ?2) \
     WHERE parent_thread_id = ?1";

/// What names the thread `?1`, or holds words of it. Its memory goes with its row.
pub(crate) const FORGET: [&str; 5] = [
    // A file that is named after the thread; its checkpoint goes with the row.
    "DELETE FROM rollouts WHERE thread_id = ?1 AND instr(lower(path), ?1) > 0",
    "DELETE FROM rollout_checkpoints WHERE path IN (SELECT path FROM rollouts WHERE thread_id = ?1)",
    "UPDATE rollouts SET outcome = 'deleted', reason = NULL, thread_id = NULL WHERE thread_id = ?1",
    "DELETE FROM session_names WHERE thread_id = ?1",
    // An interrupted pass that came as far as its file begins again from the start.
    "UPDATE backfill_progress SET watermark = NULL WHERE instr(lower(watermark), ?1) > 0",
];

impl ThreadStore {
    /// Deletes a thread from this database, leaves a tombstone, and notes what is to be done in other stores.
    pub(crate) async fn delete(&self, id: Uuid, now: Timestamp, stores: &[&str]) -> Result<(), StateError> {
        let fail = |error| StateError::from(self.db.error(error));
        let text = text_of(id);
        let mut tx = self.db.begin_durable().await?;
        let deleted = sqlx::query("DELETE FROM threads WHERE id = ?1")
            .bind(&text)
            .execute(tx.conn())
            .await
            .map_err(fail)?
            .rows_affected();
        if deleted == 0 {
            return Err(StateError::NotFound { id });
        }
        tombstone::put(tx.conn(), id, now.as_millisecond()).await.map_err(fail)?;
        sqlx::query(FORGET_PARENT).bind(&text).bind(DELETED_PARENT).execute(tx.conn()).await.map_err(fail)?;
        for statement in FORGET.into_iter().chain(UNLINK) {
            sqlx::query(statement).bind(&text).execute(tx.conn()).await.map_err(fail)?;
        }
        for store in stores {
            sqlx::query(
                "INSERT INTO pending_cleanups (thread_id, store, created_at_ms) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (thread_id, store) DO NOTHING",
            )
            .bind(&text)
            .bind(*store)
            .bind(now.as_millisecond())
            .execute(tx.conn())
            .await
            .map_err(fail)?;
        }
        Ok(tx.commit().await?)
    }
}

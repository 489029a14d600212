//! The light write of a live session: only the time of its last line, and that seldom.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::ThreadStore;
use crate::error::StateError;

/// How long, by the times of the lines, a touch may wait for others to be written with it.
pub const TOUCH_INTERVAL: SignedDuration = SignedDuration::from_secs(1);

/// Touches that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct Touches(Mutex<Pending>);

#[derive(Debug, Default)]
struct Pending {
    first: Option<Timestamp>,
    threads: HashMap<Uuid, Timestamp>,
}

impl Touches {
    /// Notes a touch; `true` when it is time to write.
    fn note(&self, id: Uuid, at: Timestamp) -> bool {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *pending.first.get_or_insert(at);
        let latest = pending.threads.entry(id).or_insert(at);
        *latest = at.max(*latest);
        at.duration_since(first) >= TOUCH_INTERVAL
    }

    fn take(&self) -> HashMap<Uuid, Timestamp> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *pending).threads
    }

    /// Puts back what could not be written.
    fn restore(&self, threads: HashMap<Uuid, Timestamp>) {
        for (id, at) in threads {
            self.note(id, at);
        }
    }
}

impl ThreadStore {
    /// Says that a line was written to a thread's rollout at this time and changed nothing else.
    ///
    /// Touches are coalesced: most calls write nothing. They are written together when the oldest has waited for
    /// [`TOUCH_INTERVAL`], and by [`flush_touches`](ThreadStore::flush_touches). A time never goes backwards.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the touches are kept and written with the next ones.
    pub async fn touch(&self, id: Uuid, at: Timestamp) -> Result<(), StateError> {
        if self.touches.note(id, at) { self.flush_touches().await } else { Ok(()) }
    }

    /// Writes the touches that are waiting, in one transaction; none, if there are none.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the touches are kept. If the future is dropped they may be lost: the next index run finds
    /// the times in the rollouts.
    pub async fn flush_touches(&self) -> Result<(), StateError> {
        let threads = self.touches.take();
        if threads.is_empty() {
            return Ok(());
        }
        let written = self.write_touches(&threads).await;
        if written.is_err() {
            self.touches.restore(threads);
        }
        written
    }

    async fn write_touches(&self, threads: &HashMap<Uuid, Timestamp>) -> Result<(), StateError> {
        let rows: Vec<(String, i64)> =
            threads.iter().map(|(id, at)| (id.hyphenated().to_string(), at.as_millisecond())).collect();
        let rows = serde_json::to_string(&rows)
            .map_err(|error| self.db.error(sqlx::Error::Encode(Box::new(error))))?;
        let mut tx = self.db.begin().await?;
        sqlx::query(
            "UPDATE threads SET updated_at_ms = touch.value ->> 1 FROM json_each(?1) AS touch \
             WHERE threads.id = touch.value ->> 0 AND threads.updated_at_ms < touch.value ->> 1",
        )
        .bind(rows)
        .execute(tx.conn())
        .await
        .map_err(|error| self.db.error(error))?;
        Ok(tx.commit().await?)
    }
}

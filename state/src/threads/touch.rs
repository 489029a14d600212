//! The light write of a live session: what changes with nearly every line, coalesced over all threads of a process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;
use threadkeep_rollout::Touch;
use uuid::Uuid;

use super::ThreadStore;
use crate::error::StateError;
use crate::row::text_of;

/// How long, by the times of the lines, a touch may wait for others to be written with it.
pub const TOUCH_INTERVAL: SignedDuration = SignedDuration::from_secs(60);

/// How many touches may wait: of busy sessions they are written together by number, of quiet ones by time.
pub const MAX_TOUCHES: usize = 64;

/// Touches that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct Touches(Mutex<Pending>);

#[derive(Debug, Default)]
struct Pending {
    /// The time of the first one that waits.
    first: Option<Timestamp>,
    count: usize,
    threads: HashMap<Uuid, Touch>,
}

impl Touches {
    /// Notes a touch; `true` when it is time to write.
    fn note(&self, touch: Touch) -> bool {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *pending.first.get_or_insert(touch.updated_at);
        pending.count += 1;
        let latest = pending.threads.entry(touch.thread_id).or_insert(touch);
        if latest.updated_at <= touch.updated_at {
            *latest = touch;
        }
        pending.count >= MAX_TOUCHES || touch.updated_at.duration_since(first) >= TOUCH_INTERVAL
    }

    /// Takes all that wait.
    pub(super) fn take(&self) -> Vec<Touch> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *pending).threads.into_values().collect()
    }

    /// Puts back what could not be written.
    pub(super) fn restore(&self, touches: Vec<Touch>) {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for touch in touches {
            pending.first = Some(pending.first.map_or(touch.updated_at, |first| first.min(touch.updated_at)));
            pending.count += 1;
            // One that came meanwhile is the later one, also in the same millisecond.
            pending.threads.entry(touch.thread_id).or_insert(touch);
        }
    }
}

impl ThreadStore {
    /// Says that a line was written to a thread's rollout that changed nothing but this. Says in turn whether it was
    /// written, with all that waited.
    ///
    /// Touches are coalesced: most calls write nothing. They are written together when [`MAX_TOUCHES`] wait, when the oldest
    /// has waited for [`TOUCH_INTERVAL`], with the next [`upsert`](ThreadStore::upsert), and by
    /// [`flush_touches`](ThreadStore::flush_touches). One that is older than what the index has is passed over.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the touches are kept and written with the next ones.
    pub async fn touch(&self, touch: Touch) -> Result<bool, StateError> {
        if !self.touches.note(touch) {
            return Ok(false);
        }
        self.flush_touches().await?;
        Ok(true)
    }

    /// Writes the touches that are waiting, in one transaction; none, if there are none.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the touches are kept. If the future is dropped they may be lost: the next index run finds
    /// the times in the rollouts.
    pub async fn flush_touches(&self) -> Result<(), StateError> {
        self.write_with_touches(std::iter::empty()).await.map(drop)
    }
}

/// Writes touches in the transaction of the caller: one statement for any number of them.
pub(super) async fn write_touches(conn: &mut SqliteConnection, touches: &[Touch]) -> Result<(), sqlx::Error> {
    if touches.is_empty() {
        return Ok(());
    }
    let row = |touch: &Touch| {
        let at = touch.updated_at.as_millisecond();
        (text_of(touch.thread_id), at, touch.tokens_used.max(0), touch.run_outcome.as_str())
    };
    let rows: Vec<(String, i64, i64, &str)> = touches.iter().map(row).collect();
    let rows = serde_json::to_string(&rows).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    sqlx::query(
        "UPDATE threads SET updated_at_ms = touch.value ->> 1, tokens_used = touch.value ->> 2, \
           run_outcome = touch.value ->> 3 \
         FROM json_each(?1) AS touch \
         WHERE threads.id = touch.value ->> 0 AND threads.updated_at_ms <= touch.value ->> 1 \
           AND (threads.updated_at_ms, threads.tokens_used, threads.run_outcome) \
             IS NOT (touch.value ->> 1, touch.value ->> 2, touch.value ->> 3)",
    )
    .bind(rows)
    .execute(conn)
    .await?;
    Ok(())
}

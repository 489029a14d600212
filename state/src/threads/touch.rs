//! Touches: the changes that come with nearly every line of a live session, coalesced over all
//! threads of a process.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;
use threadkeep_rollout::Touch;
use threadkeep_sqlite::{Database, json, uuid_text};
use uuid::Uuid;

use super::ThreadStore;
use crate::error::StateError;

/// Time that a touch may wait for others to be written with it, by the clock and by the times of
/// the lines, unless [`StateOptions::touch_interval`](crate::StateOptions::touch_interval) says
/// otherwise.
pub const TOUCH_INTERVAL: Duration = Duration::from_secs(60);

/// Number of touches that may wait. Busy sessions reach it before [`TOUCH_INTERVAL`].
pub const MAX_TOUCHES: usize = 64;

/// Touches that are not written yet.
#[derive(Debug)]
pub(crate) struct Touches {
    db: Database,
    interval: Duration,
    pending: Mutex<Pending>,
}

/// Follow-up that the caller owes after recording a touch.
#[derive(Debug, PartialEq, Eq)]
enum Due {
    /// The touch waits with others.
    Waiting,
    /// The touch is the first that waits.
    First,
    /// The touches must be written now.
    Now,
}

#[derive(Debug, Default)]
struct Pending {
    /// Time of the first touch that waits.
    first: Option<Timestamp>,
    count: usize,
    /// Number of times that the touches were taken. A timer that was set before has nothing left to
    /// do.
    taken: u64,
    threads: HashMap<Uuid, Touch>,
}

impl Touches {
    pub(super) fn new(db: Database, interval: Duration) -> Touches {
        Touches { db, interval, pending: Mutex::default() }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a touch.
    fn note(&self, touch: Touch) -> Due {
        let mut pending = self.pending();
        let first = *pending.first.get_or_insert(touch.updated_at);
        pending.count += 1;
        let latest = pending.threads.entry(touch.thread_id).or_insert(touch);
        if latest.updated_at <= touch.updated_at {
            *latest = touch;
        }
        let interval = SignedDuration::try_from(self.interval).unwrap_or(SignedDuration::MAX);
        let has_waited = touch.updated_at.duration_since(first) >= interval;
        match pending.count {
            count if count >= MAX_TOUCHES || has_waited => Due::Now,
            1 => Due::First,
            _ => Due::Waiting,
        }
    }

    /// Takes all waiting touches.
    fn take(&self) -> Vec<Touch> {
        let mut pending = self.pending();
        let taken = pending.taken + 1;
        std::mem::replace(&mut *pending, Pending { taken, ..Pending::default() })
            .threads
            .into_values()
            .collect()
    }

    /// Puts back touches that could not be written.
    fn restore(&self, touches: Vec<Touch>) {
        let mut pending = self.pending();
        for touch in touches {
            pending.first = Some(pending.first.map_or(touch.updated_at, |first| first.min(touch.updated_at)));
            pending.count += 1;
            // A touch that came meanwhile is the later one, also in the same millisecond.
            pending.threads.entry(touch.thread_id).or_insert(touch);
        }
    }
}

/// Touches on their way to the database. They wait again if they do not get there, also if the
/// future that writes them is dropped.
pub(super) struct TakenTouches<'s> {
    store: &'s ThreadStore,
    touches: Vec<Touch>,
}

impl TakenTouches<'_> {
    /// Releases the touches, which are committed.
    pub(super) fn are_written(mut self) {
        self.touches.clear();
    }
}

impl Deref for TakenTouches<'_> {
    type Target = [Touch];

    fn deref(&self) -> &[Touch] {
        &self.touches
    }
}

impl Drop for TakenTouches<'_> {
    fn drop(&mut self) {
        if !self.touches.is_empty() {
            self.store.touches.restore(std::mem::take(&mut self.touches));
            self.store.flush_later();
        }
    }
}

impl ThreadStore {
    pub(super) fn take_touches(&self) -> TakenTouches<'_> {
        TakenTouches { store: self, touches: self.touches.take() }
    }

    /// Records a line of a thread's rollout that changed nothing but time, tokens and outcome.
    /// Returns true if it was written now, with all waiting touches.
    ///
    /// Touches are coalesced, and most calls write nothing. They are written together when
    /// [`MAX_TOUCHES`] wait, when the oldest has waited for [`TOUCH_INTERVAL`] (a task of the
    /// runtime sees to it), with the next [`upsert`](ThreadStore::upsert), and by
    /// [`flush_touches`](ThreadStore::flush_touches). So a live session's time, tokens and outcome
    /// in the index can be that old. A touch that is older than the index's row is ignored.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the touches are kept and written with the next ones.
    pub async fn touch(&self, touch: Touch) -> Result<bool, StateError> {
        match self.touches.note(touch) {
            Due::Waiting => return Ok(false),
            Due::First => {
                self.flush_later();
                return Ok(false);
            }
            Due::Now => {}
        }
        self.flush_touches().await?;
        Ok(true)
    }

    /// Starts a timer that writes the waiting touches if no other call does. It keeps no store
    /// open: touches of a store that is dropped are lost, and the next index run finds them in the
    /// rollouts.
    fn flush_later(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (touches, interval) = (Arc::downgrade(&self.touches), self.touches.interval);
        let taken = self.touches.pending().taken;
        runtime.spawn(async move {
            tokio::time::sleep(interval).await;
            let Some(touches) = touches.upgrade().filter(|touches| touches.pending().taken == taken) else {
                return;
            };
            let store = ThreadStore { db: touches.db.clone(), touches };
            // Touches that could not be written wait again.
            let _ = store.flush_touches().await;
        });
    }

    /// Writes the waiting touches in one transaction. Without touches there is no transaction.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the touches are kept, also if the future is dropped.
    pub async fn flush_touches(&self) -> Result<(), StateError> {
        self.write_with_touches(Vec::new()).await.map(drop)
    }
}

/// Writes touches in the caller's transaction, with one statement for any number of them.
pub(super) async fn write_touches(conn: &mut SqliteConnection, touches: &[Touch]) -> Result<(), sqlx::Error> {
    if touches.is_empty() {
        return Ok(());
    }
    let row = |touch: &Touch| {
        let at = touch.updated_at.as_millisecond();
        (uuid_text(touch.thread_id), at, touch.own_tokens, touch.run_outcome.as_str())
    };
    let rows: Vec<(String, i64, Option<i64>, &str)> = touches.iter().map(row).collect();
    sqlx::query(
        "UPDATE threads SET updated_at_ms = touch.value ->> 1, own_tokens = touch.value ->> 2, \
           run_outcome = touch.value ->> 3 \
         FROM json_each(?1) AS touch \
         WHERE threads.id = touch.value ->> 0 AND threads.updated_at_ms <= touch.value ->> 1 \
           AND (threads.updated_at_ms, threads.own_tokens, threads.run_outcome) \
             IS NOT (touch.value ->> 1, touch.value ->> 2, touch.value ->> 3)",
    )
    .bind(json(&rows))
    .execute(conn)
    .await?;
    Ok(())
}

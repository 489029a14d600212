//! The light write of a live session: what changes with nearly every line, coalesced over all threads of a process.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;
use threadkeep_rollout::Touch;
use threadkeep_sqlite::{Database, json, text_of};
use uuid::Uuid;

use super::ThreadStore;
use crate::error::StateError;

/// How long a touch may wait for others to be written with it, by the clock as by the times of the lines, unless
/// [`StateOptions::touch_interval`](crate::StateOptions::touch_interval) says otherwise.
pub const TOUCH_INTERVAL: Duration = Duration::from_secs(60);

/// How many touches may wait: of busy sessions they are written together by number, of quiet ones by time.
pub const MAX_TOUCHES: usize = 64;

/// Touches that are not written yet.
#[derive(Debug)]
pub(crate) struct Touches {
    db: Database,
    interval: Duration,
    pending: Mutex<Pending>,
}

/// What is to be done about a touch that was noted.
#[derive(Debug, PartialEq, Eq)]
enum Due {
    /// It waits with others.
    Waiting,
    /// It is the first that waits.
    First,
    /// It is time to write.
    Now,
}

#[derive(Debug, Default)]
struct Pending {
    /// The time of the first one that waits.
    first: Option<Timestamp>,
    count: usize,
    /// How often what waited was taken: a timer that was set before has nothing to do any more.
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

    /// Notes a touch.
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

    /// Takes all that wait.
    fn take(&self) -> Vec<Touch> {
        let mut pending = self.pending();
        let taken = pending.taken + 1;
        std::mem::replace(&mut *pending, Pending { taken, ..Pending::default() })
            .threads
            .into_values()
            .collect()
    }

    /// Puts back what could not be written.
    fn restore(&self, touches: Vec<Touch>) {
        let mut pending = self.pending();
        for touch in touches {
            pending.first = Some(pending.first.map_or(touch.updated_at, |first| first.min(touch.updated_at)));
            pending.count += 1;
            // One that came meanwhile is the later one, also in the same millisecond.
            pending.threads.entry(touch.thread_id).or_insert(touch);
        }
    }
}

/// Touches on their way to the database. They wait again if they do not get there, also when the future that writes them is dropped.
pub(super) struct TakenTouches<'s> {
    store: &'s ThreadStore,
    touches: Vec<Touch>,
}

impl TakenTouches<'_> {
    /// Lets them go: they are committed.
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

    /// Says that a line was written to a thread's rollout that changed nothing but this. Says in turn whether it was
    /// written, with all that waited.
    ///
    /// Touches are coalesced: most calls write nothing. They are written together when [`MAX_TOUCHES`] wait, when the oldest
    /// has waited for [`TOUCH_INTERVAL`] (also when no other comes: a task of the runtime sees to it), with the next
    /// [`upsert`](ThreadStore::upsert), and by [`flush_touches`](ThreadStore::flush_touches). So what the index says of a live
    /// session's time, tokens and outcome can be that old. One that is older than what the index has is passed over.
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

    /// Has what waits written when it has waited for long enough, should nobody else do it. No store is kept for that: what
    /// waits in one that is gone by then is lost, and the next index run finds it in the rollouts.
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
            // What fails waits again.
            let _ = store.flush_touches().await;
        });
    }

    /// Writes the touches that are waiting, in one transaction; none, if there are none.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the touches are kept, also when the future is dropped.
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
    sqlx::query(
        "UPDATE threads SET updated_at_ms = touch.value ->> 1, tokens_used = touch.value ->> 2, \
           run_outcome = touch.value ->> 3 \
         FROM json_each(?1) AS touch \
         WHERE threads.id = touch.value ->> 0 AND threads.updated_at_ms <= touch.value ->> 1 \
           AND (threads.updated_at_ms, threads.tokens_used, threads.run_outcome) \
             IS NOT (touch.value ->> 1, touch.value ->> 2, touch.value ->> 3)",
    )
    .bind(json(&rows))
    .execute(conn)
    .await?;
    Ok(())
}

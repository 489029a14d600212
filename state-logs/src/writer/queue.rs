//! The bounded queue between the logging threads and the writing thread.
//!
//! Its lock is held only to push a row or to take all rows, never while writing.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::capture::row::Record;
use crate::error::LogError;

/// Limit of the bytes of waiting texts. Rows beyond it are dropped.
const QUEUE_BYTES: usize = 32 << 20;

/// Longest wait for more rows. A longer interval could overflow the clock.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Result of a flush: `None` is success.
type Answer = Option<String>;

pub(crate) struct Queue {
    most_rows: usize,
    /// Number of rows that end the writer's wait.
    enough_rows: usize,
    state: Mutex<State>,
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct State {
    rows: VecDeque<Record>,
    bytes: usize,
    /// Number of rows ever accepted.
    accepted: u64,
    /// Flushes, each with the number of the last row that it waits for.
    waiting: Vec<(u64, oneshot::Sender<Answer>)>,
    /// Calls that wait for the end.
    closers: Vec<oneshot::Sender<Answer>>,
    /// True if a caller has begun to wait since the writer last looked.
    is_asked: bool,
    is_closing: bool,
    has_ended: bool,
    trouble: Option<String>,
}

impl Queue {
    pub(crate) fn new(most_rows: usize, batch_rows: usize) -> Queue {
        Queue {
            most_rows,
            enough_rows: batch_rows.min(most_rows),
            state: Mutex::default(),
            changed: Condvar::new(),
            dropped: AtomicU64::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts a row if there is room, and counts it as dropped otherwise.
    pub(crate) fn offer(&self, record: Record) {
        let size = record.size();
        let mut state = self.state();
        let is_full = state.rows.len() >= self.most_rows || state.bytes + size > QUEUE_BYTES;
        if is_full || state.is_closing {
            drop(state);
            self.drop_rows(1);
            return;
        }
        state.bytes += size;
        state.accepted += 1;
        state.rows.push_back(record);
        let count = state.rows.len();
        drop(state);
        // The first row starts the writer's wait for more, and a full batch ends it.
        if count == 1 || count == self.enough_rows {
            self.changed.notify_all();
        }
    }

    /// Counts rows that will not be written.
    pub(crate) fn drop_rows(&self, count: u64) {
        self.dropped.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn trouble(&self) -> Option<String> {
        self.state().trouble.clone()
    }

    /// Waits for the rows that were accepted so far.
    pub(crate) async fn flush(&self) -> Result<(), LogError> {
        self.ask(|state, sender| {
            state.waiting.push((state.accepted, sender));
            state.is_asked = true;
        })
        .await
    }

    /// Stops accepting rows, and waits until the writer has ended.
    pub(crate) async fn close(&self) -> Result<(), LogError> {
        self.ask(|state, sender| {
            state.closers.push(sender);
            state.is_closing = true;
        })
        .await
    }

    async fn ask(&self, how: impl FnOnce(&mut State, oneshot::Sender<Answer>)) -> Result<(), LogError> {
        let (sender, answer) = oneshot::channel();
        {
            let mut state = self.state();
            if state.has_ended {
                return state.trouble.clone().map_or(Ok(()), |reason| Err(LogError::Unwritten(reason)));
            }
            how(&mut state, sender);
        }
        self.changed.notify_all();
        match answer.await {
            Ok(None) => Ok(()),
            Ok(Some(reason)) => Err(LogError::Unwritten(reason)),
            Err(_) => Err(LogError::Unwritten("the writer has ended".to_owned())),
        }
    }

    /// Waits for rows, and then for more of them, at most for an interval. A caller that waits for
    /// rows ends the wait. Returns true if the queue is closing, so that the writer must end.
    pub(crate) fn wait(&self, interval: Duration) -> bool {
        let mut state = self.state();
        while state.rows.is_empty() && !state.is_asked && !state.is_closing {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.wait_until(state, Instant::now() + interval.min(LONGEST_WAIT), true)
    }

    /// Waits until a moment, or until a caller flushes or closes. New rows do not end the wait.
    pub(crate) fn pause(&self, until: Instant) -> bool {
        self.wait_until(self.state(), until, false)
    }

    fn wait_until<'a>(&'a self, mut state: MutexGuard<'a, State>, until: Instant, is_enough: bool) -> bool {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let has_enough = is_enough && state.rows.len() >= self.enough_rows;
            if state.is_closing {
                return true;
            }
            if state.is_asked || has_enough || left.is_zero() {
                state.is_asked = false;
                return false;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes the oldest rows. They no longer count as waiting.
    pub(crate) fn take(&self, most: usize) -> Vec<Record> {
        let mut state = self.state();
        let count = most.min(state.rows.len());
        let taken: Vec<Record> = state.rows.drain(..count).collect();
        let size: usize = taken.iter().map(Record::size).sum();
        state.bytes -= size;
        taken
    }

    /// Returns the number of waiting rows.
    pub(crate) fn left(&self) -> usize {
        self.state().rows.len()
    }

    /// Records that all taken rows are written, and answers flushes.
    pub(crate) fn written(&self) {
        let mut state = self.state();
        state.trouble = None;
        let done = state.accepted - state.rows.len() as u64;
        let waiting = std::mem::take(&mut state.waiting);
        let (answered, left): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(upto, _)| *upto <= done);
        state.waiting = left;
        drop(state);
        for (_, waiter) in answered {
            // The caller may no longer wait.
            let _ = waiter.send(None);
        }
    }

    /// Records that rows could not be written, and answers all flushes.
    pub(crate) fn failed(&self, reason: &str) {
        let mut state = self.state();
        state.trouble = Some(reason.to_owned());
        for (_, waiter) in std::mem::take(&mut state.waiting) {
            let _ = waiter.send(Some(reason.to_owned()));
        }
    }

    /// Ends the queue: it accepts no rows, answers every caller, and drops the remaining rows.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        (state.is_closing, state.has_ended) = (true, true);
        state.bytes = 0;
        let left = std::mem::take(&mut state.rows);
        self.drop_rows(left.len() as u64);
        let waiting = std::mem::take(&mut state.waiting).into_iter().map(|(_, waiter)| waiter);
        let waiting: Vec<_> = waiting.chain(std::mem::take(&mut state.closers)).collect();
        if !left.is_empty() {
            // The writer ended before it had written them.
            state.trouble.get_or_insert_with(|| "the writer has ended".to_owned());
        }
        let trouble = state.trouble.clone();
        drop(state);
        for waiter in waiting {
            let _ = waiter.send(trouble.clone());
        }
    }
}

/// A share in the queue of the layer or of a caller. Dropping the last one closes the queue.
#[derive(Clone)]
pub(crate) struct Handle(Arc<Closer>);

struct Closer(Arc<Queue>);

impl Handle {
    pub(crate) fn new(queue: Arc<Queue>) -> Handle {
        Handle(Arc::new(Closer(queue)))
    }
}

impl std::ops::Deref for Handle {
    type Target = Queue;

    fn deref(&self) -> &Queue {
        &self.0.0
    }
}

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.state().is_closing = true;
        self.0.changed.notify_all();
    }
}

// Not derived: what waits may have words of a conversation.
impl fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Queue").field(&self.dropped()).finish()
    }
}

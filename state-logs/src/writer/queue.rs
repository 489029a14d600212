//! The bounded queue between the threads that log and the one that writes.
//!
//! Its lock is held for as long as it takes to push a row or to take all of them, never while something is written.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::capture::Record;
use crate::error::LogError;

/// The most bytes of texts that wait to be written: rows beyond are dropped, however few they are.
const QUEUE_BYTES: usize = 32 << 20;

/// The longest wait for more rows, whatever interval is asked for: there is an end to the moments that a clock knows.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What became of the rows before a flush: `None` is good.
type Answer = Option<String>;

pub(crate) struct Queue {
    most_rows: usize,
    /// The number of rows at which the writer does not wait for more.
    enough_rows: usize,
    state: Mutex<State>,
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct State {
    rows: VecDeque<Record>,
    bytes: usize,
    /// How many rows have ever been accepted.
    accepted: u64,
    /// Who waits for the rows that were accepted before: up to which one.
    waiting: Vec<(u64, oneshot::Sender<Answer>)>,
    /// Who waits for the end.
    closers: Vec<oneshot::Sender<Answer>>,
    /// Whether someone has begun to wait since the writer last looked.
    is_asked: bool,
    is_closing: bool,
    has_ended: bool,
    trouble: Option<String>,
}

/// Why the writer should do something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// There are rows to write: enough of them, or they have waited for long enough, or someone waits for them.
    Write,
    /// The queue is closing: write what there is, and end.
    Close,
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
        // Nothing in here panics halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a row if there is room, and counts it if there is none.
    fn offer(&self, record: Record) {
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
        // The first one begins the writer's wait for others, and with enough of them it ends.
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

    /// Waits for what was accepted so far.
    pub(crate) async fn flush(&self) -> Result<(), LogError> {
        self.ask(|state, sender| {
            state.waiting.push((state.accepted, sender));
            state.is_asked = true;
        })
        .await
    }

    /// Accepts nothing any more, and waits until the writer has ended.
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
                let reason = state.trouble.clone();
                return reason.map_or(Ok(()), |reason| Err(LogError::Unwritten { reason }));
            }
            how(&mut state, sender);
        }
        self.changed.notify_all();
        match answer.await {
            Ok(None) => Ok(()),
            Ok(Some(reason)) => Err(LogError::Unwritten { reason }),
            Err(_) => Err(LogError::Unwritten { reason: "the writer has ended".to_owned() }),
        }
    }

    fn begin_to_close(&self) {
        self.state().is_closing = true;
        self.changed.notify_all();
    }
}

/// What the writer's thread does with the queue.
impl Queue {
    /// Waits for rows, and then for more of them, at most for an interval.
    pub(crate) fn wait(&self, interval: Duration) -> Wake {
        let mut state = self.state();
        while state.rows.is_empty() && !state.is_asked && !state.is_closing {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.wait_until(state, Instant::now() + interval.min(LONGEST_WAIT), true)
    }

    /// Waits for a moment, or until someone asks. Rows that come meanwhile just come.
    pub(crate) fn pause(&self, until: Instant) -> Wake {
        self.wait_until(self.state(), until, false)
    }

    fn wait_until<'a>(&'a self, mut state: MutexGuard<'a, State>, until: Instant, is_enough: bool) -> Wake {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let has_enough = is_enough && state.rows.len() >= self.enough_rows;
            if state.is_closing {
                return Wake::Close;
            }
            if state.is_asked || has_enough || left.is_zero() {
                state.is_asked = false;
                return Wake::Write;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes the oldest rows. Rows that are taken no longer count as waiting.
    pub(crate) fn take(&self, most: usize) -> Vec<Record> {
        let mut state = self.state();
        let count = most.min(state.rows.len());
        let taken: Vec<Record> = state.rows.drain(..count).collect();
        let size: usize = taken.iter().map(Record::size).sum();
        state.bytes -= size;
        taken
    }

    /// Says how many rows wait.
    pub(crate) fn left(&self) -> usize {
        self.state().rows.len()
    }

    /// Notes that every row that was taken is written.
    pub(crate) fn written(&self) {
        let mut state = self.state();
        state.trouble = None;
        let done = state.accepted - state.rows.len() as u64;
        let waiting = std::mem::take(&mut state.waiting);
        let (answered, left): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(upto, _)| *upto <= done);
        state.waiting = left;
        drop(state);
        for (_, waiter) in answered {
            // Who no longer waits needs no answer.
            let _ = waiter.send(None);
        }
    }

    /// Notes that rows could not be written, and tells all who wait.
    pub(crate) fn failed(&self, reason: &str) {
        let mut state = self.state();
        state.trouble = Some(reason.to_owned());
        for (_, waiter) in std::mem::take(&mut state.waiting) {
            let _ = waiter.send(Some(reason.to_owned()));
        }
    }

    /// Ends the queue: nothing is accepted, and nobody waits, ever after. What is left in it is dropped.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        (state.is_closing, state.has_ended) = (true, true);
        state.bytes = 0;
        let left = std::mem::take(&mut state.rows);
        self.drop_rows(left.len() as u64);
        let waiting = std::mem::take(&mut state.waiting).into_iter().map(|(_, waiter)| waiter);
        let waiting: Vec<_> = waiting.chain(std::mem::take(&mut state.closers)).collect();
        if !left.is_empty() {
            // It ended in the middle of something.
            state.trouble.get_or_insert_with(|| "the writer has ended".to_owned());
        }
        let trouble = state.trouble.clone();
        drop(state);
        for waiter in waiting {
            let _ = waiter.send(trouble.clone());
        }
    }
}

/// A share in the queue of those who log. The last one that goes closes it.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    closer: Arc<Closer>,
}

struct Closer(Arc<Queue>);

impl Handle {
    pub(crate) fn new(queue: Arc<Queue>) -> Handle {
        Handle { closer: Arc::new(Closer(queue)) }
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.closer.0
    }

    pub(crate) fn offer(&self, record: Record) {
        self.queue().offer(record);
    }
}

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.begin_to_close();
    }
}

impl fmt::Debug for Closer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Queue").field(&self.0.dropped()).finish()
    }
}

//! The writing thread: waits for rows, commits them in batches, and retries after failures.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use threadkeep_sqlite::DbError;
use threadkeep_sqlite::telemetry::{self, names};
use tokio::runtime::{Builder, Runtime};

use super::backoff::Backoff;
use super::notice::notice;
use super::queue::Queue;
use crate::error::LogError;
use crate::options::LogOptions;
use crate::quiet;
use crate::store::{LOGS_DB, LogStore, NewRow};

/// Number of commits between checks for unused pages.
const COMMITS_BETWEEN_VACUUMS: u64 = 256;

/// Starts the thread.
pub(crate) fn start(store: LogStore, queue: Arc<Queue>, options: LogOptions) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (rows, backoff) = (Vec::new(), Backoff::default());
    let writer = Writer { store, queue, options, rows, reported: 0, counted: 0, backoff, commits: 0 };
    std::thread::Builder::new().name("threadkeep-logs".to_owned()).spawn(move || {
        quiet::this_thread();
        writer.run(&runtime);
    })?;
    Ok(())
}

struct Writer {
    store: LogStore,
    queue: Arc<Queue>,
    options: LogOptions,
    /// Batch on its way to the database, which is retried while the database is unusable.
    rows: Vec<NewRow>,
    /// Number of this process's dropped rows that are in the database's count.
    reported: u64,
    /// Number of this process's dropped rows that telemetry has counted.
    counted: u64,
    backoff: Backoff,
    commits: u64,
}

/// Ends the queue even when the thread panics, so that no caller waits for it.
struct End(Arc<Queue>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Writer {
    fn run(mut self, runtime: &Runtime) {
        let _end = End(Arc::clone(&self.queue));
        loop {
            let is_closing = match self.backoff.until() {
                Some(until) => self.queue.pause(until),
                None => self.queue.wait(self.options.batch_interval),
            };
            runtime.block_on(self.write_all(is_closing));
            if is_closing {
                self.queue.drop_rows(self.rows.len() as u64);
            }
            self.count_drops();
            if is_closing {
                return;
            }
        }
    }

    /// Counts the rows that were dropped since the last time. The logging thread must not do so: a
    /// sink may log, and only this thread's events stay out of the logs.
    fn count_drops(&mut self) {
        let dropped = self.queue.dropped();
        if dropped > self.counted {
            telemetry::count(names::LOG_DROPS, dropped - self.counted, &[("db", LOGS_DB.label)]);
            self.counted = dropped;
        }
    }

    /// Writes batch after batch. When closing, until no row is left.
    async fn write_all(&mut self, is_closing: bool) {
        // Only the rows that wait now: a program that keeps logging must not delay flushes.
        let mut left = self.queue.left();
        loop {
            if self.rows.is_empty() {
                let records = self.queue.take(self.options.batch_rows);
                left = left.saturating_sub(records.len());
                let row_bytes = self.options.row_bytes;
                let rows = records.into_iter().map(|record| record.into_row(*super::PROCESS_ID, row_bytes));
                self.rows = rows.collect();
            }
            if !self.write().await || (left == 0 && !(is_closing && self.queue.left() > 0)) {
                return;
            }
        }
    }

    /// Writes the current batch. Returns false if it must be retried.
    async fn write(&mut self) -> bool {
        let dropped = self.queue.dropped().saturating_sub(self.reported);
        let has_work = !self.rows.is_empty() || dropped > 0;
        if has_work {
            let written = match self.write_together(dropped).await {
                Err(error) if is_the_rows_fault(&error) => self.write_singly().await,
                written => written,
            };
            if let Err(error) = written {
                self.backoff.failed(Instant::now());
                self.queue.failed(&error.to_string());
                return false;
            }
            self.backoff.succeeded();
        }
        self.queue.written();
        if has_work {
            self.tidy().await;
        }
        true
    }

    /// Writes the rows of a batch, with a report of dropped rows.
    async fn write_together(&mut self, dropped: u64) -> Result<(), LogError> {
        let rows = self.rows.len();
        self.rows.extend((dropped > 0).then(|| notice(dropped, *super::PROCESS_ID)));
        let written = self.store.append(&self.rows, self.options.keep(), dropped).await;
        self.rows.truncate(rows);
        written?;
        self.rows.clear();
        self.reported += dropped;
        Ok(())
    }

    /// Writes the rows of a failing batch one by one, so that only bad rows are lost.
    async fn write_singly(&mut self) -> Result<(), LogError> {
        while let Some(row) = self.rows.first() {
            match self.store.append(std::slice::from_ref(row), self.options.keep(), 0).await {
                Err(error) if is_the_rows_fault(&error) => self.queue.drop_rows(1),
                written => written?,
            }
            self.rows.remove(0);
        }
        Ok(())
    }

    /// Deletes old rows after the first commit, and returns unused pages now and then.
    async fn tidy(&mut self) {
        // A failure here is retried after the next start, and shows at the next write if it
        // matters.
        if self.commits == 0 {
            let _ = self.store.expire(Timestamp::now(), self.options.keep_age).await;
        }
        if self.commits.is_multiple_of(COMMITS_BETWEEN_VACUUMS) {
            let _ = self.store.give_back_pages().await;
        }
        self.commits += 1;
    }
}

/// Returns true if a batch failed because of its rows, so that every retry would fail.
fn is_the_rows_fault(error: &LogError) -> bool {
    matches!(error, LogError::Database(DbError::Statement { .. }))
}

//! The writing thread: waits for rows, commits them in batches, and retries after failures.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use threadkeep_sqlite::DbError;
use tokio::runtime::{Builder, Runtime};

use super::backoff::Backoff;
use super::batch::Batch;
use super::queue::{Queue, Wake};
use crate::error::LogError;
use crate::options::LogOptions;
use crate::quiet;
use crate::store::LogStore;

/// Number of commits between checks for unused pages.
const COMMITS_BETWEEN_VACUUMS: u64 = 256;

/// Starts the thread.
pub(crate) fn start(store: LogStore, queue: Arc<Queue>, options: LogOptions) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let writer =
        Writer { store, queue, options, batch: Batch::default(), backoff: Backoff::default(), commits: 0 };
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
    batch: Batch,
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
            let wake = match self.backoff.until() {
                Some(until) => self.queue.pause(until),
                None => self.queue.wait(self.options.batch_interval),
            };
            let is_closing = wake == Wake::Close;
            runtime.block_on(self.write_all(is_closing));
            if is_closing {
                self.queue.drop_rows(self.batch.rows.len() as u64);
                return;
            }
        }
    }

    /// Writes batch after batch. When closing, until no row is left.
    async fn write_all(&mut self, is_closing: bool) {
        let most = self.options.batch_rows;
        // Only the rows that wait now: a program that keeps logging must not delay flushes.
        let mut left = self.queue.left();
        loop {
            if self.batch.rows.is_empty() {
                let records = self.queue.take(most);
                left = left.saturating_sub(records.len());
                let process_id = *super::PROCESS_ID;
                let row_bytes = self.options.row_bytes;
                self.batch.rows =
                    records.into_iter().map(|record| record.into_row(process_id, row_bytes)).collect();
            }
            if !self.write().await {
                return;
            }
            if left == 0 && !(is_closing && self.queue.left() > 0) {
                return;
            }
        }
    }

    /// Writes the current batch. Returns false if it has to be retried.
    async fn write(&mut self) -> bool {
        let dropped = self.queue.dropped();
        let notice = self.batch.notice(dropped, *super::PROCESS_ID, Timestamp::now());
        let count = notice.as_ref().map_or(0, |(_, count)| *count);
        if self.batch.rows.is_empty() && notice.is_none() {
            self.queue.written();
            return true;
        }
        let rows = self.batch.rows.len();
        self.batch.rows.extend(notice.map(|(row, _)| row));
        let written = self.store.append_counting(&self.batch.rows, self.options.keep(), count).await;
        self.batch.rows.truncate(rows);
        match written {
            Ok(()) => {
                self.batch.rows.clear();
                self.batch.reported += count;
                self.backoff.succeeded();
                self.queue.written();
                self.tidy().await;
                true
            }
            Err(error) if is_the_rows_fault(&error) => self.write_singly().await,
            Err(error) => {
                self.wait_for_better_times(&error);
                false
            }
        }
    }

    /// Writes the rows of a failing batch one by one, so that only bad rows are lost. Returns false if it has to be retried.
    async fn write_singly(&mut self) -> bool {
        while let Some(row) = self.batch.rows.first() {
            match self.store.append_counting(std::slice::from_ref(row), self.options.keep(), 0).await {
                Ok(()) => {}
                Err(error) if is_the_rows_fault(&error) => self.queue.drop_rows(1),
                Err(error) => {
                    self.wait_for_better_times(&error);
                    return false;
                }
            }
            self.batch.rows.remove(0);
        }
        self.backoff.succeeded();
        self.queue.written();
        self.tidy().await;
        true
    }

    fn wait_for_better_times(&mut self, error: &LogError) {
        self.backoff.failed(Instant::now());
        self.queue.failed(&error.to_string());
    }

    /// Deletes old rows after the first commit, and returns unused pages now and then.
    async fn tidy(&mut self) {
        // A failure here is retried after the next start, and shows at the next write if it matters.
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

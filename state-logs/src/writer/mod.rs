//! The writer: a bounded queue, and a thread that writes it in batches.
//!
//! It is a thread of the operating system with its own runtime. So logs are written even when the
//! program's runtime is blocked, of another kind, or missing.

mod backoff;
mod notice;
pub(crate) mod queue;
#[cfg(test)]
mod tests;
mod thread;

use std::sync::{Arc, LazyLock};

use uuid::Uuid;

use queue::{Handle, Queue};

use crate::capture::LogLayer;
use crate::error::LogError;
use crate::options::LogOptions;
use crate::store::LogStore;

/// This process's id in the logs.
static PROCESS_ID: LazyLock<Uuid> = LazyLock::new(Uuid::new_v4);

/// Writes the events of a [`LogLayer`]. Cheap to clone; all clones are one writer.
///
/// The writer ends when it is closed, or when the layer and all clones are dropped. It first writes
/// the accepted rows. A layer that is installed for the whole process is never dropped, and the
/// process does not wait for it at its end: call [`close`](Self::close).
#[derive(Clone, Debug)]
pub struct LogWriter {
    handle: Handle,
}

impl LogWriter {
    /// Starts a writer to a store. Returns it with the layer that feeds it.
    ///
    /// Opens no file before the first row is written. An unusable database is not an error here:
    /// see [`trouble`](Self::trouble).
    ///
    /// # Errors
    ///
    /// [`LogError::BadOption`], [`LogError::NoThread`].
    pub fn start(store: &LogStore, options: LogOptions) -> Result<(LogLayer, LogWriter), LogError> {
        options.check()?;
        let queue = Arc::new(Queue::new(options.queue_rows, options.batch_rows));
        let (filter, row_bytes) = (options.filter.clone(), options.row_bytes);
        thread::start(store.clone(), Arc::clone(&queue), options).map_err(LogError::NoThread)?;
        let handle = Handle::new(queue);
        Ok((LogLayer { handle: handle.clone(), filter, row_bytes }, LogWriter { handle }))
    }

    /// Waits until all rows that were accepted before are committed. Works on any runtime.
    ///
    /// Retries at once if the database was unusable so far.
    ///
    /// # Errors
    ///
    /// [`LogError::Unwritten`]: rows could not be written. The queue keeps the rows that fit.
    pub async fn flush(&self) -> Result<(), LogError> {
        self.handle.flush().await
    }

    /// Writes the accepted rows and ends the writer. Later rows are dropped and counted.
    ///
    /// The database stays open for the store, until [`LogStore::close`].
    ///
    /// # Errors
    ///
    /// [`LogError::Unwritten`]: some rows could not be written and are lost.
    pub async fn close(&self) -> Result<(), LogError> {
        self.handle.close().await
    }

    /// Returns the last error if rows cannot be written. The writer retries after a pause, which
    /// grows from a second to five minutes.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.handle.trouble()
    }

    /// Returns the number of rows that this process has dropped, because the queue was full or they
    /// could not be written.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.handle.dropped()
    }

    /// Returns the process id in this process's rows. It is random.
    #[must_use]
    pub fn process_id(&self) -> Uuid {
        *PROCESS_ID
    }
}

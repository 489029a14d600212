//! The writer: a bounded queue, and a thread of its own that empties it in batches.
//!
//! It is an operating system's thread with a runtime of its own, so that logs are written whatever the program's runtime
//! does: it may be blocked, of another kind, or not there at all.

mod backoff;
mod batch;
mod queue;
mod thread;

use std::sync::{Arc, LazyLock};

use uuid::Uuid;

pub(crate) use queue::Handle;
use queue::Queue;

use crate::capture::LogLayer;
use crate::error::LogError;
use crate::options::LogOptions;
use crate::store::LogStore;

/// This process's id in the logs.
static PROCESS_ID: LazyLock<Uuid> = LazyLock::new(Uuid::new_v4);

/// Writes what a [`LogLayer`] hands on. Cheap to clone; all clones are one writer.
///
/// The writer ends when it is closed, or when the layer and all clones are gone; what was accepted by then is written first.
/// A layer that was installed for the whole process never goes, and a process does not wait for it at its end: call
/// [`close`](Self::close).
#[derive(Clone, Debug)]
pub struct LogWriter {
    handle: Handle,
}

impl LogWriter {
    /// Starts a writer to a store, and makes the layer that feeds it.
    ///
    /// No file is opened or made before the first row has to be written. A database that cannot be used is no error here
    /// nor anywhere else on the way of a row: see [`trouble`](Self::trouble).
    ///
    /// # Errors
    ///
    /// [`LogError::BadOption`], and [`LogError::NoThread`] when the system gives none.
    pub fn start(store: &LogStore, options: LogOptions) -> Result<(LogLayer, LogWriter), LogError> {
        options.check()?;
        let queue = Arc::new(Queue::new(options.queue_rows, options.batch_rows));
        let (filter, row_bytes) = (options.filter.clone(), options.row_bytes);
        thread::start(store.clone(), Arc::clone(&queue), options)
            .map_err(|source| LogError::NoThread { source })?;
        let handle = Handle::new(queue);
        Ok((LogLayer { handle: handle.clone(), filter, row_bytes }, LogWriter { handle }))
    }

    /// Waits until everything that was accepted before is committed. Works on any runtime.
    ///
    /// When the database could not be used so far, it is tried at once.
    ///
    /// # Errors
    ///
    /// [`LogError::Unwritten`]: it could not be written; what fits stays in the queue.
    pub async fn flush(&self) -> Result<(), LogError> {
        self.handle.queue().flush().await
    }

    /// Writes what was accepted and ends the writer. What is logged afterwards is dropped and counted.
    ///
    /// The database stays open for the store, until [`LogStore::close`].
    ///
    /// # Errors
    ///
    /// [`LogError::Unwritten`]: not everything could be written, and it is lost.
    pub async fn close(&self) -> Result<(), LogError> {
        self.handle.queue().close().await
    }

    /// Says why rows cannot be written, if they cannot: what the last try met. It is tried again after a pause, which
    /// grows from a second to five minutes.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.handle.queue().trouble()
    }

    /// Returns how many rows this process has dropped, because they found no room or could not be written.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.handle.queue().dropped()
    }

    /// Returns this process's id: that of its rows. It is made anew for each process.
    #[must_use]
    pub fn process_id(&self) -> Uuid {
        *PROCESS_ID
    }
}

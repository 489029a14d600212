//! Reading the items of one batch on a few blocking threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinHandle;

use crate::{BackfillError, Index, Item, ItemProblem};

/// The result of reading an item, with its place in the listing.
pub(super) type Read<I> = (usize, Result<<I as Index>::Extracted, <I as Index>::Problem>);

/// An item to read: its place in the listing, and the saved state to continue from.
pub(super) type ToRead<I> = (usize, Option<<I as Index>::Previous>);

/// Reads the batches of a pass on several threads.
pub(super) struct BatchReader<I: Index> {
    index: Arc<I>,
    items: Arc<Vec<Item<I::Handle>>>,
    threads: usize,
    workers: Mutex<Workers<I::Worker>>,
    /// Wakes a thread that waits for a worker.
    returned: Condvar,
}

/// Workers of a pass: one for each thread that may read at the same time.
struct Workers<W> {
    /// Workers that no thread uses at present.
    idle: Vec<W>,
    /// Number of workers that may still be made.
    unmade: usize,
}

/// The items of a batch that no thread has begun to read.
type Queue<I> = Mutex<std::vec::IntoIter<ToRead<I>>>;

impl<I: Index> BatchReader<I> {
    /// Makes a reader over the sorted listing.
    pub(super) fn new(index: Arc<I>, items: Arc<Vec<Item<I::Handle>>>, threads: usize) -> Arc<Self> {
        let workers = Mutex::new(Workers { idle: Vec::new(), unmade: threads });
        Arc::new(Self { index, items, threads, workers, returned: Condvar::new() })
    }

    /// Starts to read a batch. Reading continues while the caller does something else. The threads
    /// of a later batch wait for those of an earlier one.
    pub(super) fn start(self: &Arc<Self>, batch: Vec<ToRead<I>>) -> BatchRead<I> {
        let threads = self.threads.min(batch.len());
        let queue = Arc::new(Mutex::new(batch.into_iter()));
        let spawn = |_| {
            let (reader, queue) = (Arc::clone(self), Arc::clone(&queue));
            tokio::task::spawn_blocking(move || reader.read_all(&queue))
        };
        BatchRead { threads: (0..threads).map(spawn).collect(), queue }
    }

    /// Reads items of a batch on one thread until none is left.
    fn read_all(&self, queue: &Queue<I>) -> Vec<Read<I>> {
        let mut read = Vec::new();
        let mut worker = self.take_worker();
        // The lock must not last as long as the reading.
        let next = || lock(queue).next();
        while let Some((place, previous)) = next() {
            let item = &self.items[place];
            let result = catch_unwind(AssertUnwindSafe(|| self.index.extract(&mut worker, item, previous)));
            read.push((
                place,
                result.unwrap_or_else(|panic| {
                    // The panic may have left the worker's buffers in any state.
                    worker = self.index.worker();
                    Err(I::Problem::panicked(panic_message(panic.as_ref())))
                }),
            ));
        }
        lock(&self.workers).idle.push(worker);
        self.returned.notify_one();
        read
    }

    /// Waits until fewer threads read than may, and returns a worker.
    fn take_worker(&self) -> I::Worker {
        let all_busy = |workers: &mut Workers<_>| workers.idle.is_empty() && workers.unmade == 0;
        let waited = self.returned.wait_while(lock(&self.workers), all_busy);
        let mut workers = waited.unwrap_or_else(PoisonError::into_inner);
        let idle = workers.idle.pop();
        idle.unwrap_or_else(|| {
            let worker = self.index.worker();
            workers.unmade -= 1;
            worker
        })
    }
}

/// A batch that is being read. When it is dropped, its threads end after the item they are at.
pub(super) struct BatchRead<I: Index> {
    threads: Vec<JoinHandle<Vec<Read<I>>>>,
    queue: Arc<Queue<I>>,
}

impl<I: Index> BatchRead<I> {
    /// Waits for the whole batch and returns it in the order of the listing.
    pub(super) async fn finish(mut self) -> Result<Vec<Read<I>>, BackfillError> {
        let mut all = Vec::new();
        for thread in &mut self.threads {
            all.append(&mut thread.await.map_err(|error| BackfillError::Workers(error.into()))?);
        }
        all.sort_unstable_by_key(|(place, _)| *place);
        Ok(all)
    }
}

impl<I: Index> Drop for BatchRead<I> {
    fn drop(&mut self) {
        *lock(&self.queue) = Vec::new().into_iter();
    }
}

/// Locks a mutex, poisoned or not: no critical section here leaves its data half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

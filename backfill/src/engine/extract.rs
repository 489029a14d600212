//! Reading the items of one batch on a few blocking threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinHandle;

use crate::{BackfillError, Index, Item, ItemFailure};

/// What was read from an item, by its place in the listing.
pub(super) type Read<I> = (usize, Result<<I as Index>::Extracted, ItemFailure>);

/// An item to read: its place in the listing, and the saved state to go on from.
pub(super) type ToRead<I> = (usize, Option<<I as Index>::Previous>);

/// What the extracting threads of a pass share.
pub(super) struct Extractor<I: Index> {
    index: Arc<I>,
    items: Arc<Vec<Item<I::Handle>>>,
    workers: usize,
    /// Worker states that no thread uses at present.
    idle: Arc<Mutex<Vec<I::Worker>>>,
}

impl<I: Index> Extractor<I> {
    /// Makes an extractor over the sorted listing.
    pub(super) fn new(index: Arc<I>, items: Arc<Vec<Item<I::Handle>>>, workers: usize) -> Self {
        Self { index, items, workers, idle: Arc::default() }
    }

    /// Starts reading; it goes on while the caller does something else.
    pub(super) fn start(&self, batch: Vec<ToRead<I>>) -> Extraction<I> {
        let threads = self.workers.min(batch.len());
        let abandoned = Arc::new(AtomicBool::new(false));
        let queue = Arc::new(Mutex::new(batch.into_iter()));
        let spawn = |_| {
            let thread = Thread {
                index: Arc::clone(&self.index),
                items: Arc::clone(&self.items),
                idle: Arc::clone(&self.idle),
                queue: Arc::clone(&queue),
                abandoned: Arc::clone(&abandoned),
            };
            tokio::task::spawn_blocking(move || thread.read_all())
        };
        Extraction { threads: (0..threads).map(spawn).collect(), abandoned }
    }
}

/// A batch that is being read. Dropped, its threads end after the item they are at.
pub(super) struct Extraction<I: Index> {
    threads: Vec<JoinHandle<Vec<Read<I>>>>,
    abandoned: Arc<AtomicBool>,
}

impl<I: Index> Extraction<I> {
    /// Waits for the whole batch, and gives it in the order of the listing.
    pub(super) async fn finish(mut self) -> Result<Vec<Read<I>>, BackfillError> {
        let mut all = Vec::new();
        for thread in &mut self.threads {
            all.append(&mut thread.await.map_err(|error| BackfillError::Workers(error.into()))?);
        }
        all.sort_unstable_by_key(|(place, _)| *place);
        Ok(all)
    }
}

impl<I: Index> Drop for Extraction<I> {
    fn drop(&mut self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }
}

/// One extracting thread's view.
struct Thread<I: Index> {
    index: Arc<I>,
    items: Arc<Vec<Item<I::Handle>>>,
    idle: Arc<Mutex<Vec<I::Worker>>>,
    queue: Arc<Mutex<std::vec::IntoIter<ToRead<I>>>>,
    abandoned: Arc<AtomicBool>,
}

impl<I: Index> Thread<I> {
    fn read_all(self) -> Vec<Read<I>> {
        let mut read = Vec::new();
        let mut worker = self.take_worker();
        while !self.abandoned.load(Ordering::Relaxed) {
            let Some((place, previous)) = lock(&self.queue).next() else { break };
            let item = &self.items[place];
            let result = catch_unwind(AssertUnwindSafe(|| self.index.extract(&mut worker, item, previous)));
            read.push((
                place,
                result.unwrap_or_else(|panic| {
                    // What the panic left in the worker's buffers is anybody's guess.
                    worker = self.index.worker();
                    let message = panic_message(panic.as_ref());
                    Err(ItemFailure::permanent(format!("reading it panicked: {message}")))
                }),
            ));
        }
        lock(&self.idle).push(worker);
        read
    }

    fn take_worker(&self) -> I::Worker {
        let idle = lock(&self.idle).pop();
        idle.unwrap_or_else(|| self.index.worker())
    }
}

/// Nothing that is done under these locks leaves them half done, so that a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

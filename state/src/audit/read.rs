//! Reads rollouts from scratch for an audit, a chunk at a time, on every core.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use threadkeep_rollout::{AgentHome, ExtractError, Extractor, RolloutFile};

use crate::threads::ThreadUpsert;

/// Rollouts that are read before they are compared; bounds the memory of an audit.
pub(super) const CHUNK: usize = 256;

/// A rollout and the result of reading it.
pub(super) type Reading = (RolloutFile, Result<ThreadUpsert, ExtractError>);

/// Reads files from their first byte, in parallel; the readings come in the order of the files.
/// Blocks.
pub(super) fn read_all(home: &AgentHome, default_provider: &Arc<str>, files: &[RolloutFile]) -> Vec<Reading> {
    let next = AtomicUsize::new(0);
    let read_some = || {
        let mut extractor = Extractor::of_home(home);
        let mut readings = Vec::new();
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let path = home.absolute(&file.path);
            let read = extractor.extract(&path, file.compressed, file.name.as_ref(), None);
            let upsert =
                |metadata| ThreadUpsert::extracted(metadata, &file.path, file.archived, default_provider);
            readings.push((file.clone(), read.map(|read| upsert(read.metadata))));
        }
        readings
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(files.len());
    let mut readings: Vec<Reading> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(read_some)).collect();
        let read = workers.into_iter().map(thread::ScopedJoinHandle::join);
        read.flat_map(|read| read.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    readings.sort_by(|(one, _), (other, _)| one.path.cmp(&other.path));
    readings
}

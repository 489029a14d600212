//! Waiting for files that another process has locked.

use std::path::Path;
use std::time::Duration;

use threadkeep_sessions::{Mirror, MirrorLock};
use tokio::time::{Instant, sleep};

use crate::fault::{Fault, FaultKind};

/// Longest wait.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// Tries to take a lock in `place` until no other process has it, or the time is up.
pub(super) async fn patiently<T>(
    place: &Path,
    mut take: impl FnMut() -> Result<Option<T>, Fault>,
) -> Result<T, Fault> {
    let started = Instant::now();
    loop {
        if let Some(lock) = take()? {
            return Ok(lock);
        }
        if started.elapsed() >= PATIENCE {
            let why = format!("another process works on {}", place.display());
            return Err(Fault::new(why, "try again once it has finished").of_kind(FaultKind::Locked));
        }
        sleep(PAUSE).await;
    }
}

/// Takes the lock of a mirror.
pub(super) async fn of_mirror(mirror: &Mirror) -> Result<MirrorLock, Fault> {
    patiently(mirror.folder(), || mirror.lock().map_err(|error| Fault::plain(&error))).await
}

#[cfg(test)]
#[path = "../../tests/unit/agents_lock.rs"]
mod tests;

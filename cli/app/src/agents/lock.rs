//! Waiting for files that another process has locked.

use std::path::Path;
use std::time::Duration;

use threadkeep_sessions::{Mirror, MirrorLock, Vault, VaultLock};
use tokio::time::{Instant, sleep};

use crate::fault::{Fault, FaultKind};

/// Longest wait.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// Tries again and again until there is a result. Returns `None` if there is none when the time is
/// up.
pub(super) async fn tried_until<T>(end: Instant, mut attempt: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    loop {
        let result = attempt().await;
        if result.is_some() || Instant::now() >= end {
            return result;
        }
        sleep(PAUSE).await;
    }
}

/// Tries to take a lock in `place` until no other process has it, or the time is up.
pub(super) async fn patiently<T>(
    place: &Path,
    mut take: impl FnMut() -> Result<Option<T>, Fault>,
) -> Result<T, Fault> {
    let taken = tried_until(Instant::now() + PATIENCE, async || take().transpose()).await;
    taken.unwrap_or_else(|| {
        let why = format!("another process works on {}", place.display());
        Err(Fault::new(why, "try again once it has finished").of_kind(FaultKind::Locked))
    })
}

/// Takes the lock of a mirror.
pub(super) async fn lock_mirror(mirror: &Mirror) -> Result<MirrorLock, Fault> {
    patiently(mirror.folder(), || mirror.lock().map_err(|error| Fault::plain(&error))).await
}

/// Takes the lock of a vault.
pub(super) async fn lock_vault(vault: &Vault) -> Result<VaultLock, Fault> {
    patiently(vault.folder(), || vault.lock().map_err(|error| Fault::plain(&error))).await
}

#[cfg(test)]
#[path = "../../tests/unit/agents_lock.rs"]
mod tests;

//! Keeping the lease while a run lasts, and giving it back when the run's future is dropped.

use std::sync::Arc;

use tokio::time::{Instant, MissedTickBehavior};

use super::Backfill;
use crate::{Clock, Finish, Lease, Progress, WriteError};

/// Renews the lease three times a term. Returns when the lease is lost, otherwise never.
///
/// A store that fails here does not end the run: every commit checks the lease too, and renews it.
pub(super) async fn heartbeats<S, I, P: Progress>(engine: &Backfill<S, I, P>, lease: &Lease) {
    let period = engine.options.lease_ttl / 3;
    let mut ticks = tokio::time::interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(WriteError::LeaseLost) = engine.progress.heartbeat(lease, engine.term()).await {
            return;
        }
    }
}

/// Gives the lease back when it is dropped armed, which means that the run's future was dropped.
///
/// Dropping cannot wait, so a task of the runtime does it. Without a runtime the lease expires by
/// itself.
pub(super) struct ReleaseOnDrop<P: Progress>(Option<(Arc<P>, Arc<dyn Clock>, Lease)>);

impl<P: Progress> ReleaseOnDrop<P> {
    /// Makes an armed guard.
    pub(super) fn new(progress: Arc<P>, clock: Arc<dyn Clock>, lease: Lease) -> Self {
        Self(Some((progress, clock, lease)))
    }

    /// Disarms the guard: the run gives its lease back itself.
    pub(super) fn disarm(mut self) {
        self.0 = None;
    }
}

impl<P: Progress> Drop for ReleaseOnDrop<P> {
    fn drop(&mut self) {
        let Some((progress, clock, lease)) = self.0.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // An error has no receiver, and the lease expires.
                let _ = progress.finish(&lease, Finish::Interrupted, clock.now()).await;
            });
        }
    }
}

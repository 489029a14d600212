//! The engine: one run from lease to report.

mod commits;
mod compare;
mod extract;
mod keep_lease;
mod ledger;
mod outcomes;
mod pass;
mod preview;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use self::keep_lease::{ReleaseOnDrop, heartbeats};
use self::ledger::Ledger;
use self::pass::Pass;
use crate::{
    Acquired, BackfillError, BackfillOptions, Ending, Finish, Index, Phase, Progress, ProgressUpdate, Report,
    Source, Term,
};

/// First pause of a run that waits for the lease. Each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause of a run that waits for the lease.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Least duration of a lease.
const SHORTEST_LEASE: Duration = Duration::from_millis(30);

/// Brings an index up to date with its source.
///
/// Call [`run`](Self::run) whenever there may be something new.
#[derive(Debug)]
pub struct Backfill<S, I, P> {
    source: Arc<S>,
    index: Arc<I>,
    progress: Arc<P>,
    options: BackfillOptions,
}

impl<S, I, P> Backfill<S, I, P>
where
    S: Source,
    I: Index<Handle = S::Handle, Problem = S::Problem>,
    P: Progress<Problem = S::Problem>,
{
    /// Makes an engine over three ports. `index` and `progress` use one store, and may be one
    /// value.
    #[must_use]
    pub fn new(source: Arc<S>, index: Arc<I>, progress: Arc<P>) -> Self {
        Self { source, index, progress, options: BackfillOptions::default() }
    }

    /// Changes options. Values below their least are raised to it.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut BackfillOptions)) -> Self {
        let options = &mut self.options;
        change(options);
        for count in [&mut options.batch_items, &mut options.workers, &mut options.outcome_page] {
            *count = (*count).max(1);
        }
        options.lease_ttl = options.lease_ttl.max(SHORTEST_LEASE);
        self
    }

    /// Makes one pass. If another owner has the lease, waits for it up to the
    /// [patience](BackfillOptions::patience), and then reports [`Ending::Held`].
    ///
    /// Needs a tokio runtime with time. The future may be dropped at any instant: commits stay,
    /// nothing is half done, and a task of the runtime, if there still is one, gives the lease
    /// back.
    ///
    /// # Errors
    ///
    /// [`BackfillError::Source`], [`BackfillError::LeaseLost`], [`BackfillError::Store`] or
    /// [`BackfillError::Workers`]. Earlier commits stay.
    pub async fn run(
        &self,
        on_progress: impl Fn(&ProgressUpdate) + Send + Sync,
    ) -> Result<Report<S::Problem>, BackfillError> {
        let began = tokio::time::Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let mut report = self.run_once(&on_progress).await?;
            let left = self.options.patience.saturating_sub(began.elapsed());
            if !matches!(report.ending, Ending::Held { .. }) || left.is_zero() {
                return Ok(report);
            }
            on_progress(&ProgressUpdate::start_of(Phase::Waiting));
            tokio::select! {
                () = self.options.stop.stopped() => {
                    report.ending = Ending::Interrupted;
                    return Ok(report);
                }
                () = tokio::time::sleep(pause.min(left)) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn run_once(
        &self,
        on_progress: &(dyn Fn(&ProgressUpdate) + Send + Sync),
    ) -> Result<Report<S::Problem>, BackfillError> {
        let began = self.options.clock.now();
        let mut ledger = Ledger::new();
        let acquired = self.progress.acquire(&self.options.owner, self.term()).await;
        let (lease, watermark) = match acquired.map_err(BackfillError::store("acquire the lease"))? {
            Acquired::Granted { lease, watermark } => (lease, watermark),
            Acquired::Held { owner, expires_at } => {
                return Ok(ledger.close(Ending::Held { owner, expires_at }, self.since(began)));
            }
        };
        let guard =
            ReleaseOnDrop::new(Arc::clone(&self.progress), Arc::clone(&self.options.clock), lease.clone());
        let pass = Pass::new(self, &lease, watermark, &mut ledger, on_progress);
        let ended = tokio::select! {
            ended = pass.run() => ended,
            () = heartbeats(self, &lease) => Err(BackfillError::LeaseLost),
        };
        guard.disarm();
        let ending = match ended {
            Ok(ending) => ending,
            Err(BackfillError::LeaseLost) => return Err(BackfillError::LeaseLost),
            Err(error) => {
                // Report the error that ended the run. A lease that stays behind expires.
                let _ = self.progress.finish(&lease, Finish::Interrupted, self.options.clock.now()).await;
                return Err(error);
            }
        };
        on_progress(&ProgressUpdate::start_of(Phase::Finishing));
        let finish = if ending == Ending::Complete { Finish::Complete } else { Finish::Interrupted };
        let finished = self.progress.finish(&lease, finish, self.options.clock.now()).await;
        finished.map_err(BackfillError::store("give the lease back"))?;
        Ok(ledger.close(ending, self.since(began)))
    }
}

impl<S, I, P> Backfill<S, I, P> {
    /// Returns the term of a lease that is granted or renewed now.
    fn term(&self) -> Term {
        let now = self.options.clock.now();
        Term { now, expires_at: now.checked_add(self.options.lease_ttl).unwrap_or(Timestamp::MAX) }
    }

    /// Returns the time since an instant, zero if the clock was set back.
    fn since(&self, began: Timestamp) -> Duration {
        Duration::try_from(self.options.clock.now().duration_since(began)).unwrap_or(Duration::ZERO)
    }
}

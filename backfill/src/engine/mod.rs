//! The engine: its settings, and one run from lease to report.

mod commits;
mod compare;
mod extract;
mod keep_lease;
mod ledger;
mod pass;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use self::keep_lease::{ReleaseOnDrop, heartbeats};
use self::ledger::Ledger;
use self::pass::Pass;
use crate::{
    Acquired, BackfillError, Clock, Ending, Finish, Index, Phase, Progress, ProgressUpdate, Report, Source,
    StopHandle, SystemClock, Term,
};

/// First pause of [`Backfill::run_or_wait`]. Each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause of [`Backfill::run_or_wait`].
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Brings an index up to date with its source.
///
/// Set it up with the builder methods, then call [`run`](Self::run) whenever there may be something
/// new.
pub struct Backfill<S, I, P> {
    source: Arc<S>,
    index: Arc<I>,
    progress: Arc<P>,
    clock: Arc<dyn Clock>,
    stop: StopHandle,
    owner: String,
    lease_ttl: Duration,
    batch_items: usize,
    batch_bytes: u64,
    workers: usize,
    outcome_page: usize,
    force: bool,
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
        Self {
            source,
            index,
            progress,
            clock: Arc::new(SystemClock),
            stop: StopHandle::new(),
            owner: default_owner(),
            lease_ttl: Duration::from_secs(30),
            batch_items: 200,
            batch_bytes: 32 * 1024 * 1024,
            workers: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            outcome_page: 1_000,
            force: false,
        }
    }

    /// Sets the maximum of items in one commit (default 200, at least 1).
    #[must_use]
    pub fn batch_size(mut self, items: usize) -> Self {
        self.batch_items = items.max(1);
        self
    }

    /// Sets the maximum of bytes read for one commit (default 32 MiB). A larger item makes a batch
    /// of its own.
    ///
    /// At most two batches are in flight.
    #[must_use]
    pub fn batch_bytes(mut self, bytes: u64) -> Self {
        self.batch_bytes = bytes;
        self
    }

    /// Sets the number of extracting threads (default: as many as the machine runs at once, at
    /// least 1).
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers.max(1);
        self
    }

    /// Sets the number of outcomes read at a time (default 1,000, at least 1).
    #[must_use]
    pub fn outcome_page(mut self, outcomes: usize) -> Self {
        self.outcome_page = outcomes.max(1);
        self
    }

    /// Sets the lease's duration without renewal (default 30 s, at least 30 ms). A run renews it
    /// three times as often.
    #[must_use]
    pub fn lease_ttl(mut self, ttl: Duration) -> Self {
        self.lease_ttl = ttl.max(Duration::from_millis(30));
        self
    }

    /// Sets the lease's owner, for people and for a store that can prove an owner dead (default:
    /// process id and a counter).
    #[must_use]
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = owner.into();
        self
    }

    /// Sets the clock of leases and of the report (default [`SystemClock`]).
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the handle that stops the runs of this engine (default: one of its own).
    #[must_use]
    pub fn stop_on(mut self, stop: StopHandle) -> Self {
        self.stop = stop;
        self
    }

    /// Makes runs read every item again from its start, changed or not (default no).
    #[must_use]
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Makes one pass, or reports [`Ending::Held`] at once if a living owner has the lease.
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
        self.run_once(&on_progress).await
    }

    /// Makes one pass like [`run`](Self::run), but first waits up to `patience` for a lease that
    /// another owner has.
    ///
    /// Reports [`Ending::Held`] only when the patience is over.
    ///
    /// # Errors
    ///
    /// The errors of [`run`](Self::run).
    pub async fn run_or_wait(
        &self,
        patience: Duration,
        on_progress: impl Fn(&ProgressUpdate) + Send + Sync,
    ) -> Result<Report<S::Problem>, BackfillError> {
        let began = tokio::time::Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let mut report = self.run_once(&on_progress).await?;
            let left = patience.saturating_sub(began.elapsed());
            if !matches!(report.ending, Ending::Held { .. }) || left.is_zero() {
                return Ok(report);
            }
            on_progress(&ProgressUpdate::start_of(Phase::Waiting));
            tokio::select! {
                () = self.stop.stopped() => {
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
        let began = self.clock.now();
        let mut ledger = Ledger::new();
        let acquired = self.progress.acquire(&self.owner, self.term()).await;
        let (lease, watermark) = match acquired.map_err(BackfillError::store("acquire the lease"))? {
            Acquired::Granted { lease, watermark } => (lease, watermark),
            Acquired::Held { owner, expires_at } => {
                return Ok(ledger.close(Ending::Held { owner, expires_at }, self.since(began)));
            }
        };
        let guard = ReleaseOnDrop::new(Arc::clone(&self.progress), Arc::clone(&self.clock), lease.clone());
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
                let _ = self.progress.finish(&lease, Finish::Interrupted, self.clock.now()).await;
                return Err(error);
            }
        };
        on_progress(&ProgressUpdate::start_of(Phase::Finishing));
        let finish = if ending == Ending::Complete { Finish::Complete } else { Finish::Interrupted };
        let finished = self.progress.finish(&lease, finish, self.clock.now()).await;
        finished.map_err(BackfillError::store("give the lease back"))?;
        Ok(ledger.close(ending, self.since(began)))
    }
}

impl<S, I, P> Backfill<S, I, P> {
    /// Returns the term of a lease that is granted or renewed now.
    fn term(&self) -> Term {
        let now = self.clock.now();
        Term { now, expires_at: now.checked_add(self.lease_ttl).unwrap_or(Timestamp::MAX) }
    }

    /// Returns the time since an instant, zero if the clock was set back.
    fn since(&self, began: Timestamp) -> Duration {
        Duration::try_from(self.clock.now().duration_since(began)).unwrap_or(Duration::ZERO)
    }
}

impl<S, I, P> std::fmt::Debug for Backfill<S, I, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backfill")
            .field("owner", &self.owner)
            .field("lease_ttl", &self.lease_ttl)
            .field("force", &self.force)
            .finish_non_exhaustive()
    }
}

/// Names this engine by its process and a number.
fn default_owner() -> String {
    static ENGINES: AtomicU64 = AtomicU64::new(1);
    format!("process {} engine {}", std::process::id(), ENGINES.fetch_add(1, Ordering::Relaxed))
}

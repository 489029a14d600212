//! One pass of a backfill with an observer, within the time that its caller has.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use threadkeep_backfill::{Backfill, Index, Phase, Progress, Report, Source, StopHandle};
use threadkeep_state::lease_owner;
use tokio::sync::Notify;

use crate::fault::Fault;
use crate::observer::Observer;
use crate::time::Clock;

/// Patience of a command that can show what is indexed so far.
pub(crate) const A_MOMENT: Duration = Duration::from_secs(1);

/// Limits of a pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Read everything again from its start.
    pub(crate) force: bool,
    /// Longest wait for another process that is indexing.
    pub(crate) patience: Duration,
    /// Time after which the pass is stopped. What it has stored stays.
    pub(crate) within: Duration,
}

/// Report of a pass.
#[derive(Debug)]
pub(crate) struct Passed<P> {
    pub(crate) report: Report<P>,
    /// True if it was stopped because its time was up.
    pub(crate) ran_out_of_time: bool,
}

/// Makes a pass. `progress` is the engine's own.
pub(crate) async fn pass<S, I, P>(
    engine: Backfill<S, I, P>,
    progress: &P,
    limits: Limits,
    observer: &dyn Observer,
) -> Result<Passed<S::Problem>, Fault>
where
    S: Source,
    I: Index<Handle = S::Handle, Problem = S::Problem>,
    P: Progress<Problem = S::Problem>,
{
    let stop = StopHandle::new();
    let _ended = Ended(observer);
    observer.begin(&stop);
    let engine = engine.with(|it| {
        it.owner = lease_owner();
        it.stop = stop.clone();
        it.force = limits.force;
        it.patience = limits.patience;
    });
    let (waiting, ran_out_of_time) = (Notify::new(), AtomicBool::new(false));
    let pass = engine.run(|update| {
        if update.phase == Phase::Waiting {
            waiting.notify_one();
        }
        observer.progress(update);
    });
    let end = async {
        tokio::time::sleep(limits.within).await;
        ran_out_of_time.store(true, Ordering::Relaxed);
        stop.stop();
        std::future::pending::<Infallible>().await
    };
    let report = tokio::select! {
        report = pass => report,
        never = name_holder(progress, &waiting, observer), if limits.patience > A_MOMENT => match never {},
        never = end => match never {},
    };
    Ok(Passed { report: report?, ran_out_of_time: ran_out_of_time.into_inner() })
}

/// Ends the observer's run when it is dropped, however the run ends.
struct Ended<'a>(&'a dyn Observer);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Notes which process has the lease, once the run waits for it.
async fn name_holder(progress: &impl Progress, waiting: &Notify, observer: &dyn Observer) -> Infallible {
    waiting.notified().await;
    // A holder that cannot be read is not named: the engine asks for the lease again and reports
    // its own troubles.
    let lease = progress.state().await.ok().and_then(|progress| progress.lease);
    let holder = lease.map(|lease| held(&lease.owner, lease.expires_at));
    let holder = holder.unwrap_or_else(|| "another process is indexing this home".to_owned());
    observer.note(&format!("{holder}: waiting for it").into());
    std::future::pending().await
}

/// Says which process is indexing, and until when it may do so without renewing its lease.
pub fn held(owner: &str, expires_at: Timestamp) -> String {
    let until = Clock::system().short(expires_at);
    format!("another process is indexing this home ({owner}; its lease ends {until} unless it is renewed)")
}

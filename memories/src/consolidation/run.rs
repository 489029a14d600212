//! The steps of a run.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use uuid::Uuid;

use super::kept::kept_files;
use super::migrate::migrate;
use super::prompt::prompt;
use super::staged::Staged;
use super::{ConsolidationError, ConsolidationOptions, ConsolidationReport, Ending};
use crate::error::describe;
use crate::files::{prune_extensions, sync};
use crate::workspace::Workspace;
use crate::{
    ConsolidationAgent, ConsolidationClaim, ConsolidationFailure, ConsolidationLease, ConsolidationLock,
    ConsolidationSuccess, ConsolidationTask, Memory, Redactor, StageOneOutputs, Step, WriteError,
};

/// The engine of phase 2, over its ports.
#[derive(Clone)]
pub struct Consolidation {
    outputs: Arc<dyn StageOneOutputs>,
    lock: Arc<dyn ConsolidationLock>,
    agent: Arc<dyn ConsolidationAgent>,
    redactor: Arc<dyn Redactor>,
    root: PathBuf,
    options: ConsolidationOptions,
}

/// Reason why the steps end early.
enum Failure {
    Step(Step, String),
    Ended(Ending),
}

impl Failure {
    /// Makes the map from an error of a step.
    fn of<E: std::error::Error + 'static>(step: Step) -> impl Fn(E) -> Self {
        move |error| Self::Step(step, describe(&error))
    }

    /// Makes the map from an error of a store.
    fn of_store(step: Step) -> impl Fn(crate::BoxError) -> Self {
        move |error| Self::Step(step, describe(&*error))
    }
}

impl Consolidation {
    /// Makes an engine for the workspace at `root`.
    pub fn new(
        outputs: Arc<dyn StageOneOutputs>,
        lock: Arc<dyn ConsolidationLock>,
        agent: Arc<dyn ConsolidationAgent>,
        redactor: Arc<dyn Redactor>,
        root: impl Into<PathBuf>,
        options: ConsolidationOptions,
    ) -> Self {
        Self { outputs, lock, agent, redactor, root: root.into(), options }
    }

    /// Consolidates, if the lock is free and its time has come. Calls `at` before each step.
    ///
    /// `stop` ends the agent; a run that has come further than that ends by itself. If the run's
    /// future is dropped, the lock's lease expires.
    ///
    /// # Errors
    ///
    /// [`ConsolidationError`].
    pub async fn run(
        &self,
        stop: impl Future<Output = ()>,
        mut at: impl FnMut(Step),
    ) -> Result<ConsolidationReport, ConsolidationError> {
        let claim = self.lock.claim(&self.options.request(&self.root)).await;
        let lease = match claim.map_err(|source| store("claim the lock", source))? {
            ConsolidationClaim::Granted(lease) => lease,
            ConsolidationClaim::Refused(why) => return Ok(ConsolidationReport::new(Ending::NotNow(why))),
        };
        let mut report = ConsolidationReport::new(Ending::Unchanged);
        let mut heartbeats = JoinSet::new();
        let (lost, is_lost) = watch::channel(false);
        heartbeats.spawn(renew(Arc::clone(&self.lock), lease.clone(), self.options.clone(), lost));
        let done = self.steps(&lease, is_lost, stop, &mut at, &mut report).await;
        heartbeats.shutdown().await;
        let now = self.options.clock.now();
        let stored = match done {
            Ok(success) => self.lock.succeed(&lease, &success, now).await,
            Err(Failure::Ended(ending)) => {
                report.ending = ending;
                // A lost lock is not ours to give back.
                if report.ending == Ending::Stopped { self.lock.release(&lease).await } else { Ok(()) }
            }
            Err(Failure::Step(step, reason)) => return Err(self.fail(&lease, step, &reason, now).await),
        };
        match stored {
            Ok(()) => Ok(report),
            Err(WriteError::LeaseLost) => Ok(ConsolidationReport { ending: Ending::LeaseLost, ..report }),
            Err(WriteError::Backend(source)) => Err(store("store the result of a consolidation", source)),
        }
    }

    async fn steps(
        &self,
        lease: &ConsolidationLease,
        mut is_lost: watch::Receiver<bool>,
        stop: impl Future<Output = ()>,
        at: &mut impl FnMut(Step),
        report: &mut ConsolidationReport,
    ) -> Result<ConsolidationSuccess, Failure> {
        at(Step::Baseline);
        let workspace = self.workspace().await?;
        if let Some(legacy) = self.options.legacy.clone() {
            at(Step::Migrate);
            let root = self.root.clone();
            blocking(Step::Migrate, move || migrate(&legacy, &root).map_err(Failure::of(Step::Migrate)))
                .await?;
        }

        at(Step::Select);
        let selection = self.options.selection();
        let pruned = self.outputs.prune(selection.unused_since).await;
        report.pruned = pruned.map_err(Failure::of_store(Step::Select))?;
        // Before the selection: what is forgotten later is not among the memories, or still due.
        let state = self.lock.state().await.map_err(Failure::of_store(Step::Select))?;
        let memories = self.outputs.select(selection).await.map_err(Failure::of_store(Step::Select))?;
        report.memories = memories.len();

        at(Step::Sync);
        self.keep_lock(lease).await?;
        (report.synced, report.pruned_resources) = self.sync(&memories).await?;

        at(Step::Diff);
        let mut success = ConsolidationSuccess {
            selection: memories.iter().map(|memory| (memory.thread.id, memory.thread.updated_at)).collect(),
            forgotten: state.forgotten,
            files: None,
        };
        let Some(staged) = self.stage(&workspace, !success.forgotten.is_empty()).await? else {
            return Ok(success);
        };
        report.changes.clone_from(&staged.diff.changes);
        report.refused.clone_from(&staged.diff.refused);

        at(Step::Agent);
        tokio::select! {
            worked = self.work(&staged, &memories, &success.forgotten) => worked?,
            _ = async { is_lost.wait_for(|lost| *lost).await.map(drop) } => {
                return Err(Failure::Ended(Ending::LeaseLost));
            }
            () = stop => return Err(Failure::Ended(Ending::Stopped)),
        }

        at(Step::Publish);
        let staged = Arc::new(staged);
        report.oversized_summary = self.check(&staged).await?;
        self.keep_lock(lease).await?;
        let published = {
            let (staged, workspace, redactor) =
                (Arc::clone(&staged), workspace.clone(), Arc::clone(&self.redactor));
            let publish = move || {
                let published =
                    workspace.publish(&staged.root(), &staged.given, |text| redactor.redact(text));
                published.map_err(Failure::of(Step::Publish))
            };
            blocking(Step::Publish, publish).await?
        };
        report.written = published.changes;
        report.kept_for_next_run = published.kept_for_next_run;
        report.refused.extend(published.refused);

        at(Step::Commit);
        let files = kept_files(&*self.outputs, &staged.root(), &report.written).await;
        success.files = Some(files.map_err(Failure::of_store(Step::Commit))?);
        self.keep_lock(lease).await?;
        blocking(Step::Commit, move || workspace.commit(&staged.root()).map_err(Failure::of(Step::Commit)))
            .await?;
        report.ending = Ending::Consolidated;
        Ok(success)
    }

    async fn workspace(&self) -> Result<Workspace, Failure> {
        let root = self.root.clone();
        blocking(Step::Baseline, move || {
            let workspace = Workspace::open(&root).map_err(Failure::of(Step::Baseline))?;
            workspace.init().map_err(Failure::of(Step::Baseline))?;
            Ok(workspace)
        })
        .await
    }

    async fn sync(&self, memories: &[Memory]) -> Result<(crate::files::Synced, Vec<String>), Failure> {
        let (root, memories, window) = (self.root.clone(), memories.to_vec(), self.options.unused_window);
        blocking(Step::Sync, move || {
            let synced = sync(&root, &memories).map_err(Failure::of(Step::Sync))?;
            // Times of files are the machine's.
            let since = SystemTime::now().checked_sub(window).unwrap_or(SystemTime::UNIX_EPOCH);
            let pruned = prune_extensions(&root, since).map_err(Failure::of(Step::Sync))?;
            Ok((synced, pruned))
        })
        .await
    }

    /// Copies the workspace for an agent, if something differs from the baseline or is due.
    async fn stage(&self, workspace: &Workspace, is_due: bool) -> Result<Option<Staged>, Failure> {
        let workspace = workspace.clone();
        blocking(Step::Diff, move || {
            let diff = workspace.diff().map_err(Failure::of(Step::Diff))?;
            if diff.is_empty() && !is_due {
                return Ok(None);
            }
            Staged::of(&workspace).map(Some).map_err(Failure::of(Step::Diff))
        })
        .await
    }

    async fn work(&self, staged: &Staged, memories: &[Memory], forgotten: &[Uuid]) -> Result<(), Failure> {
        let prompt = prompt(forgotten, self.options.max_summary_bytes);
        let prompt_file = staged.prepare(&prompt);
        let prompt_file: &Path = &prompt_file.map_err(Failure::of(Step::Agent))?;
        let task = ConsolidationTask { root: &staged.root(), prompt_file, memories, forgotten };
        self.agent.consolidate(task).await.map_err(Failure::of(Step::Agent))
    }

    async fn check(&self, staged: &Arc<Staged>) -> Result<Option<usize>, Failure> {
        let (staged, limit) = (Arc::clone(staged), self.options.max_summary_bytes);
        let check = move || staged.check(limit).map_err(|reason| Failure::Step(Step::Publish, reason));
        blocking(Step::Publish, check).await
    }

    /// Renews the lock, right before something is written.
    async fn keep_lock(&self, lease: &ConsolidationLease) -> Result<(), Failure> {
        match self.lock.heartbeat(lease, self.options.term()).await {
            Err(WriteError::LeaseLost) => Err(Failure::Ended(Ending::LeaseLost)),
            // A store that fails here fails again at the end, and then the lease decides.
            _ => Ok(()),
        }
    }

    /// Stores a failure, and returns it.
    async fn fail(
        &self,
        lease: &ConsolidationLease,
        step: Step,
        reason: &str,
        now: Timestamp,
    ) -> ConsolidationError {
        let reason = self.redactor.redact(reason);
        let retry_at = now.checked_add(self.options.retry_after).unwrap_or(Timestamp::MAX);
        let failure = ConsolidationFailure { step, reason: reason.clone(), retry_at };
        match self.lock.fail(lease, &failure).await {
            Err(WriteError::Backend(source)) => store("store the failure of a consolidation", source),
            _ => ConsolidationError::Step { step, reason, retry_at },
        }
    }
}

/// Renews the lock until it is lost.
async fn renew(
    lock: Arc<dyn ConsolidationLock>,
    lease: ConsolidationLease,
    options: ConsolidationOptions,
    lost: watch::Sender<bool>,
) {
    let period = options.heartbeat.max(Duration::from_millis(1));
    let mut ticks = tokio::time::interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(WriteError::LeaseLost) = lock.heartbeat(&lease, options.term()).await {
            lost.send_replace(true);
            return;
        }
    }
}

/// Runs blocking work of a step on a thread of its own.
async fn blocking<T: Send + 'static>(
    step: Step,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.unwrap_or_else(|error| Err(Failure::Step(step, error.to_string())))
}

fn store(action: &'static str, source: crate::BoxError) -> ConsolidationError {
    ConsolidationError::Store { action, source }
}

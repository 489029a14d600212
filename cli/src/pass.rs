//! One pass of the backfill over the home, with a progress bar and a way to stop it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use threadkeep_backfill::{Backfill, Ending, Phase, ProblemKind, Progress as _};
use threadkeep_rollout::{AgentHome, ProblemReason, SESSION_INDEX};
use threadkeep_state::backfill::{BackfillReport, Gate, IndexOptions, lease_owner};
use threadkeep_state::{HomeProblem, StateRuntime};
use tokio::sync::Notify;

use crate::exit::{Fault, fault, is_damage};
use crate::index::{Access, Index};
use crate::interrupt::Interrupt;
use crate::output::Screen;
use crate::output::progress::Progress;
use crate::output::text::things;
use crate::output::time::Clock;

/// How to make a pass.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PassOptions {
    /// Read everything again from its start.
    pub(crate) force: bool,
    /// Bring back threads that were deleted.
    pub(crate) include_deleted: bool,
    /// Wait while another process is at it, instead of reporting it.
    pub(crate) wait: bool,
}

/// Makes a pass.
pub(crate) async fn run(
    state: &StateRuntime,
    home: &AgentHome,
    options: PassOptions,
    screen: &Screen,
) -> anyhow::Result<BackfillReport> {
    let ports = state.backfill_ports(home, IndexOptions { include_deleted: options.include_deleted })?;
    let interrupt = Interrupt::listen();
    let engine = Backfill::new(Arc::new(ports.source), Arc::new(ports.index), Arc::new(ports.progress))
        .owner(lease_owner())
        .force(options.force)
        .stop_on(interrupt.stop_handle());
    let progress = Progress::new(screen);
    let patience = if options.wait { Duration::MAX } else { Duration::ZERO };
    let waiting = Notify::new();
    let pass = engine.run_or_wait(patience, |update| {
        if update.phase == Phase::Waiting {
            waiting.notify_one();
        }
        progress.show(update);
    });
    let report = tokio::select! {
        report = pass => report,
        never = say_who(state, &waiting, screen) => match never {},
    };
    progress.clear();
    Ok(report?)
}

/// Once it comes to waiting, says for whom.
async fn say_who(state: &StateRuntime, waiting: &Notify, screen: &Screen) -> Infallible {
    waiting.notified().await;
    // Who cannot be read is not named: the engine goes on asking for the lease and tells of its own troubles.
    let lease = state.backfill_progress().state().await.ok().and_then(|progress| progress.lease);
    let who = lease.map(|lease| held(&lease.owner, lease.expires_at));
    let who = who.unwrap_or_else(|| "another process is indexing this home".to_owned());
    screen.note(&format!("{who}: waiting for it"));
    std::future::pending().await
}

/// What a refresh could not do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refreshed {
    /// Why what is read now may not be all there is.
    pub(crate) incomplete: Option<String>,
    /// Whether a pass went through, though it may not have seen every place.
    pub(crate) passed: bool,
    /// Files that could not be read.
    pub(crate) failed: u64,
}

impl Refreshed {
    /// That some files are left out, in words.
    pub(crate) fn failures(&self) -> Option<String> {
        let files = things(self.failed, "file");
        (self.failed > 0).then(|| format!("{files} could not be read; `threadkeep backfill` says which"))
    }
}

/// Brings the index up to date before it is read. Whatever keeps it from that, other than the user or damage, is a reason to
/// say that what follows may be incomplete, and no reason to show nothing, unless there is nothing to show.
pub(crate) async fn refresh(index: &Index, home: &AgentHome, screen: &Screen) -> anyhow::Result<Refreshed> {
    let not = |reason| Ok(Refreshed { incomplete: Some(reason), ..Refreshed::default() });
    if let Access::ReadOnly(refusal) = &index.access {
        return not(format!("{refusal}: the index was not brought up to date"));
    }
    match run(&index.state, home, PassOptions::default(), screen).await {
        Ok(report) => match &report.ending {
            Ending::Complete => Ok(Refreshed {
                incomplete: hidden(index, &report).await?,
                passed: true,
                failed: report.failed + report.known_failures,
            }),
            Ending::Held { owner, expires_at } => not(held(owner, *expires_at)),
            Ending::Interrupted => Err(interrupted()),
            _ => not("the index was not brought up to date".to_owned()),
        },
        Err(error) if is_damage(&error) || index.state.inventory().await?.files == 0 => Err(error),
        Err(error) => {
            let fault = Fault::of(&error, screen);
            let hint = fault.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            not(format!("the index could not be brought up to date: {}{hint}", fault.message))
        }
    }
}

/// Says which place a pass could not list, though rollouts may be there.
async fn hidden(index: &Index, report: &BackfillReport) -> anyhow::Result<Option<String>> {
    let mut places: Vec<(&str, &HomeProblem)> = Vec::new();
    for problem in &report.problems {
        let ProblemKind::Listing(place) = &problem.kind else { continue };
        // The file that names threads is no place for them, and a new home hides nothing.
        let is_new = async || Ok::<_, anyhow::Error>(index.state.inventory().await?.files == 0);
        let is_harmless = !place.hides_files()
            || problem.key == SESSION_INDEX
            || (*place == HomeProblem::Place(ProblemReason::NoSessions) && is_new().await?);
        if !is_harmless && !places.contains(&(&problem.key, place)) {
            places.push((&problem.key, place));
        }
    }
    Ok(places.first().map(|(place, problem)| {
        let place = if place.is_empty() { "the home" } else { place };
        let more = match places.len() as u64 - 1 {
            0 => String::new(),
            more => format!(", nor can {} more; `threadkeep backfill` says which", things(more, "place")),
        };
        format!("{place} {problem}{more}")
    }))
}

/// Who is indexing, and until when they may without being heard of again.
pub(crate) fn held(owner: &str, expires_at: Timestamp) -> String {
    let until = Clock::system().short(expires_at);
    format!("another process is indexing this home ({owner}; its lease ends {until} unless it is renewed)")
}

/// Why an index that is not brought up to date first may lack threads: no pass over the home has ever gone through, or the
/// last one has not.
pub(crate) async fn unfinished(index: &Index) -> anyhow::Result<Option<String>> {
    let gate = index.state.backfill_gate().await?;
    Ok((gate != Gate::Complete)
        .then(|| "the home is not wholly indexed: `threadkeep backfill` goes on".to_owned()))
}

/// The error of a run that the user stopped.
pub(crate) fn interrupted() -> anyhow::Error {
    fault("interrupted; run it again to go on", "what was indexed until now is kept")
}

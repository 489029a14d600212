//! Passes of the backfill over the home: one, and more while files move.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use threadkeep_backfill::{Backfill, Ending, ProblemKind};
use threadkeep_rollout::{AgentHome, ExtractError, ProblemReason, SESSION_INDEX};
use threadkeep_state::backfill::{BackfillPorts, BackfillReport, Freshness, Gate, IndexOptions};
use threadkeep_state::{HOME_AGENT, HomeProblem, StateRuntime, Thread};

use crate::agents;
use crate::fault::{Fault, FaultKind};
use crate::message::{Message, command};
use crate::messages;
use crate::observer::Observer;
use crate::opening::{Access, Index};
pub use crate::pass::held;
use crate::pass::{A_MOMENT, Limits};
use crate::settings::ConfigFile;
use crate::text::counted;

/// Passes that are repeated because files disappeared.
const MOST_REPEATS: usize = 3;

/// Options of a pass.
#[derive(Clone, Copy, Debug, Default)]
pub struct PassOptions {
    /// Read everything again from its start. Default: only what is new or changed.
    pub force: bool,
    /// Restore deleted threads. Default: leave them out.
    pub include_deleted: bool,
    /// Longest wait for another process that is indexing, or has locked the index. Default: none.
    pub patience: Duration,
}

/// Makes a pass.
///
/// # Errors
///
/// Fails if the index or the home as a whole cannot be read. A file that cannot be read is in the
/// report.
pub async fn run(
    state: &StateRuntime,
    home: &AgentHome,
    options: PassOptions,
    observer: &dyn Observer,
) -> Result<BackfillReport, Fault> {
    agents::sync(state, options.include_deleted, observer).await?;
    let ports = state.backfill_ports(home, IndexOptions { include_deleted: options.include_deleted })?;
    pass(state, ports, options, observer).await
}

/// Makes a pass over some files of the home, given by their paths in it. Waits a moment for another
/// process.
///
/// # Errors
///
/// As [`run`], and fails if one of the files is gone.
pub async fn files(
    state: &StateRuntime,
    home: &AgentHome,
    paths: Vec<String>,
) -> Result<BackfillReport, Fault> {
    let ports = state.backfill_ports_of(home, paths)?;
    pass(&state.within(A_MOMENT), ports, PassOptions { patience: A_MOMENT, ..PassOptions::default() }, &())
        .await
}

/// Makes a pass over a home, or over some of its files.
async fn pass(
    state: &StateRuntime,
    ports: BackfillPorts,
    options: PassOptions,
    observer: &dyn Observer,
) -> Result<BackfillReport, Fault> {
    let progress = Arc::new(ports.progress);
    let engine = Backfill::new(Arc::new(ports.source), Arc::new(ports.index), Arc::clone(&progress));
    let limits = Limits { force: options.force, patience: options.patience, within: Duration::MAX };
    let report = crate::pass::pass(engine, &*progress, limits, observer).await?.report;
    if report.ending == Ending::Complete {
        erase_missing_words(state).await?;
    }
    Ok(report)
}

/// Erases the words of threads whose rollout has been gone for too long. Settings that cannot be
/// read erase nothing.
async fn erase_missing_words(state: &StateRuntime) -> Result<(), Fault> {
    let config = ConfigFile::read(state.sqlite_home());
    let setting =
        config.settings.iter().find(|set| (&*set.section, &*set.key) == ("threads", "keep_missing_days"));
    let days = setting.and_then(|set| set.value.as_u64()).filter(|_| config.errors().next().is_none());
    let kept =
        days.and_then(|days| i64::try_from(days).ok()).map(|days| SignedDuration::from_hours(24 * days));
    if let Some(before) = kept.and_then(|kept| Timestamp::now().checked_sub(kept).ok()) {
        state.threads().erase_missing_words(before).await?;
    }
    Ok(())
}

/// Outcome of a refresh.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Reason why the index may not be complete.
    pub incomplete: Option<Message>,
    /// True if a pass went through, though it may not have seen every place.
    pub passed: bool,
    /// Files that could not be read.
    pub failed: u64,
}

impl Refreshed {
    /// Says that some files are left out.
    pub fn failures(&self) -> Option<Message> {
        let files = counted(self.failed, "file");
        let failures = (format!("{files} with problems; "), command("backfill"), " shows which");
        (self.failed > 0).then(|| failures.into())
    }
}

/// Brings the index up to date before it is read, or if `refreshes` is false says why it may not
/// be.
///
/// # Errors
///
/// As [`refresh`], and if the index cannot be read.
pub async fn prepare(
    index: &Index,
    home: &AgentHome,
    refreshes: bool,
    observer: &dyn Observer,
) -> Result<Refreshed, Fault> {
    // A temporary index is empty.
    if refreshes || index.access == Access::Temporary {
        return refresh(index, home, observer).await;
    }
    Ok(Refreshed { incomplete: unfinished(index).await?, ..Refreshed::default() })
}

/// Brings the index up to date before it is read. Trouble other than the user's Ctrl-C or damage is
/// a reason to say that the index may be incomplete, and no reason to show nothing, unless there is
/// nothing to show.
///
/// # Errors
///
/// Fails if the user stops it, the index is damaged, or nothing is indexed at all.
pub async fn refresh(index: &Index, home: &AgentHome, observer: &dyn Observer) -> Result<Refreshed, Fault> {
    let not = |reason: Message| Ok(Refreshed { incomplete: Some(reason), ..Refreshed::default() });
    if let Access::ReadOnly(refusal) = &index.access {
        return not(format!("{refusal}: the index was not brought up to date").into());
    }
    match settled(index, home, observer).await {
        Ok((report, is_settled)) => match &report.ending {
            Ending::Complete => {
                let moved = "files were moved or removed while they were read: run it again";
                let incomplete = hidden(index, &report).await?;
                Ok(Refreshed {
                    incomplete: incomplete.or_else(|| (!is_settled).then(|| moved.into())),
                    passed: true,
                    failed: report.failed + report.known_failures,
                })
            }
            Ending::Held { owner, expires_at } => {
                not((held(owner, *expires_at) + "; showing what is indexed so far").into())
            }
            Ending::Interrupted => Err(messages::interrupted()),
            _ => not("the index was not brought up to date".into()),
        },
        Err(fault) if fault.kind == FaultKind::Damaged || index.state.inventory().await?.files == 0 => {
            Err(fault)
        }
        Err(fault) if fault.kind == FaultKind::Locked => {
            not(fault.message.append("; showing what is indexed so far"))
        }
        Err(fault) => {
            not(Message::from("the index could not be brought up to date: ").append(fault.sentence()))
        }
    }
}

/// Brings one thread up to date before it is shown. Looks at its own files alone where that is
/// enough.
///
/// # Errors
///
/// As [`refresh`].
pub async fn refresh_thread(
    index: &Index,
    home: &AgentHome,
    thread: &Thread,
    observer: &dyn Observer,
) -> Result<Refreshed, Fault> {
    let current = Refreshed { passed: true, ..Refreshed::default() };
    let state = index.state.within(A_MOMENT);
    if thread.agent() != HOME_AGENT && index.access == Access::Write {
        agents::sync(&state, false, observer).await?;
    }
    match state.freshness(home, thread).await {
        Freshness::Current => Ok(current),
        Freshness::Changed(ports) if index.access == Access::Write => {
            match pass(&state, *ports, PassOptions::default(), observer).await {
                Ok(BackfillReport { ending: Ending::Complete, .. }) => Ok(current),
                _ => refresh(index, home, observer).await,
            }
        }
        _ => refresh(index, home, observer).await,
    }
}

/// Makes passes until nothing disappears under them: a file that is moved or compressed during a
/// pass may be at neither of its places when they are looked at. Returns the last report, and false
/// if the home did not come to rest.
async fn settled(
    index: &Index,
    home: &AgentHome,
    observer: &dyn Observer,
) -> Result<(BackfillReport, bool), Fault> {
    let state = index.state.within(A_MOMENT);
    let options = PassOptions { patience: A_MOMENT, ..PassOptions::default() };
    let mut report = run(&state, home, options, observer).await?;
    let mut is_settled = !lost_files(&report);
    for _ in 0..MOST_REPEATS {
        if is_settled || report.ending != Ending::Complete {
            break;
        }
        report = run(&state, home, options, observer).await?;
        // What was lost may still be between two places, and then this pass does not miss it.
        is_settled = !lost_files(&report) && report.indexed == 0;
    }
    Ok((report, is_settled))
}

/// Returns true if files disappeared before or while they were read.
fn lost_files(report: &BackfillReport) -> bool {
    let is_gone = |kind: &ProblemKind<HomeProblem>| match kind {
        ProblemKind::Failed(HomeProblem::Unread(error)) => {
            matches!(&**error, ExtractError::Io(error) if error.kind() == ErrorKind::NotFound)
        }
        _ => false,
    };
    report.vanished > 0 || report.problems.iter().any(|problem| is_gone(&problem.kind))
}

/// Says which place a pass could not list, though rollouts may be there.
async fn hidden(index: &Index, report: &BackfillReport) -> Result<Option<Message>, Fault> {
    let mut places: Vec<(&str, &HomeProblem)> = Vec::new();
    for problem in &report.problems {
        let ProblemKind::Listing(place) = &problem.kind else { continue };
        // The file that names threads is not a place for them, and a new home hides nothing.
        let is_new = async || Ok::<_, Fault>(index.state.inventory().await?.files == 0);
        let is_harmless = !place.hides_files()
            || problem.key == SESSION_INDEX
            || (*place == HomeProblem::Place(ProblemReason::NoSessions) && is_new().await?);
        if !is_harmless && !places.contains(&(&problem.key, place)) {
            places.push((&problem.key, place));
        }
    }
    Ok(places.first().map(|(place, problem)| {
        let place = if place.is_empty() { "the home" } else { place };
        match places.len() as u64 - 1 {
            0 => format!("{place} {problem}").into(),
            more => {
                let first = format!("{place} {problem}, nor can {}; ", counted(more, "more place"));
                (first, command("backfill"), " shows which").into()
            }
        }
    }))
}

/// Returns why an index that is not brought up to date first may lack threads: no pass has ever
/// gone through, or the last one has not.
async fn unfinished(index: &Index) -> Result<Option<Message>, Fault> {
    let gate = index.state.backfill_gate().await?;
    let incomplete = ("indexing the home is not finished: ", command("backfill"), " finishes it");
    Ok((gate != Gate::Complete).then(|| incomplete.into()))
}

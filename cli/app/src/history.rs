//! The history of a home: opened as well as possible, and brought up to date after the index.
//!
//! No list waits for it. A search works on it for a moment, and `usage` until it is whole.

use std::time::Duration;

use threadkeep_backfill::Ending;
use threadkeep_history::{
    HistoryError, HistoryReport, HistoryStore, HistoryTurns, ThreadFigures, TurnsQuery,
};
use threadkeep_rollout::AgentHome;
use threadkeep_state::Thread;
use uuid::Uuid;

use crate::dirs::Dirs;
use crate::fault::{Fault, FaultKind};
use crate::message::{Message, command};
use crate::messages;
use crate::observer::Observer;
use crate::opening::{self, Access, Index};
use crate::pass::{A_MOMENT, Limits, Passed, held, pass};
use crate::refresh::PassOptions;
use crate::text::count;

/// Time for which a search works on the history.
const A_SEARCH: Duration = Duration::from_secs(2);

/// Work on the history for which a command can wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// None: it is read as it is.
    None,
    /// As much as a search has time for.
    Some,
    /// All of it.
    All,
}

/// An open history.
#[derive(Debug)]
pub struct History {
    /// The store. It may be read-only.
    pub store: HistoryStore,
    /// Part of the home that is indexed.
    pub extent: Extent,
}

/// Part of a home that the history has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Rollouts that were read, with and without success.
    pub indexed: u64,
    /// Rollouts of the home.
    pub files: u64,
    /// Reason why it was not brought up to date, if it was tried.
    pub reason: Option<Message>,
}

impl Extent {
    /// Returns true if all rollouts were read, as far as is known.
    pub fn is_whole(&self) -> bool {
        self.indexed >= self.files
    }

    /// Returns the part that is indexed: `43 %`. It is 100 only if nothing is missing.
    pub fn percent(&self) -> u64 {
        if self.is_whole() { 100 } else { (self.indexed * 100 / self.files).min(99) }
    }

    /// Says which part is indexed, and why it may be out of date.
    pub fn note(&self) -> Option<Message> {
        let part = (!self.is_whole()).then(|| {
            let (indexed, files) = (count(self.indexed), count(self.files));
            let said =
                format!("{} % of the history is indexed ({indexed} of {files} rollouts); ", self.percent());
            Message::from((said, command("backfill"), " indexes the rest"))
        });
        match (self.reason.clone(), part) {
            (Some(reason), Some(part)) => Some(reason.append("; ").append(part)),
            (reason, part) => reason.or(part),
        }
    }
}

/// Opens the history next to an index, and works on it. If that cannot be done, the extent has the
/// reason, and the history is read as it is.
///
/// # Errors
///
/// Fails if the history cannot be read or is damaged, and if the user stops it.
pub async fn prepare(
    index: &Index,
    dirs: &Dirs,
    home: &AgentHome,
    work: Work,
    observer: &dyn Observer,
) -> Result<History, Fault> {
    let own = index.state.history();
    let not = async |store: HistoryStore, reason: Message| {
        let extent = Extent { reason: Some(reason), ..stored(index, &store).await? };
        Ok(History { store, extent })
    };
    if let (Access::ReadOnly(refusal), false) = (&index.access, work == Work::None) {
        return not(own.clone(), format!("{refusal}: the history was not brought up to date").into()).await;
    }
    // A temporary index has no history yet.
    if work == Work::None && index.access != Access::Temporary {
        return match own.database().existing().await {
            Err(error) if error.is_unwritable() => as_it_is(index, dirs).await,
            Err(error) => Err(HistoryError::from(error).into()),
            Ok(_) => Ok(History { store: own.clone(), extent: stored(index, own).await? }),
        };
    }
    let limits = match work {
        Work::All => Limits { force: false, patience: Duration::MAX, within: Duration::MAX },
        _ => Limits { force: false, patience: A_MOMENT, within: A_SEARCH },
    };
    let store = if work == Work::All { own.clone() } else { own.within(A_MOMENT) };
    match work_on(index, &store, home, limits, observer).await {
        Ok(Passed { report, ran_out_of_time }) => {
            // A pass that was stopped while it listed the home has counted nothing.
            let extent = if report.scanned == 0 {
                stored(index, own).await?
            } else {
                Extent { indexed: report.scanned - report.pending, files: report.scanned, reason: None }
            };
            let reason = match report.ending {
                Ending::Held { owner, expires_at } => Some(held(&owner, expires_at).into()),
                Ending::Interrupted if !ran_out_of_time => return Err(messages::interrupted()),
                _ => None,
            };
            Ok(History { store, extent: Extent { reason, ..extent } })
        }
        Err(Trouble::Unwritable(reason)) => {
            let History { store, extent } = as_it_is(index, dirs).await?;
            Ok(History { store, extent: Extent { reason: Some(reason), ..extent } })
        }
        Err(Trouble::Fault(fault)) if fault.kind == FaultKind::Damaged => Err(fault),
        Err(Trouble::Fault(fault)) if fault.kind == FaultKind::Locked => not(store, fault.message).await,
        Err(Trouble::Fault(fault)) => {
            let reason = Message::from("the history could not be brought up to date: ");
            not(store, reason.append(fault.sentence())).await
        }
    }
}

/// Brings the history up to date, however long it takes.
///
/// # Errors
///
/// Fails if the history cannot be written, or the home cannot be listed. A file that cannot be read
/// is in the report.
pub async fn run(
    index: &Index,
    home: &AgentHome,
    options: PassOptions,
    observer: &dyn Observer,
) -> Result<HistoryReport, Fault> {
    let limits = Limits { force: options.force, patience: options.patience, within: Duration::MAX };
    match work_on(index, index.state.history(), home, limits, observer).await {
        Ok(passed) => Ok(passed.report),
        Err(Trouble::Unwritable(reason)) => Err(Fault::without_hint(reason)),
        Err(Trouble::Fault(fault)) => Err(fault),
    }
}

/// Returns figures of a thread as it is indexed; nothing if it is not. Waits for nothing.
///
/// # Errors
///
/// Fails if the history exists and cannot be read.
pub async fn figures(index: &Index, dirs: &Dirs, thread: Uuid) -> Result<Option<ThreadFigures>, Fault> {
    Ok(indexed(index, dirs).await.figures(thread).await?)
}

/// Returns turns of a thread, to be read by their bytes. `None` if the history does not have the
/// thread as it is now, or cannot be read: then its rollout says. Waits for nothing.
pub async fn turns(
    index: &Index,
    dirs: &Dirs,
    home: &AgentHome,
    thread: &Thread,
    query: &TurnsQuery,
) -> Option<HistoryTurns> {
    let history = indexed(index, dirs).await;
    let is_current = history.is_current(home, thread.id, &thread.rollout_path).await.unwrap_or(false);
    if is_current { history.turns(home, thread.id, query).await.ok() } else { None }
}

/// Returns the history as it is indexed, for reading.
async fn indexed(index: &Index, dirs: &Dirs) -> HistoryStore {
    let history = index.state.history().within(A_MOMENT);
    match history.database().existing().await {
        Err(error) if error.is_unwritable() => opening::stores_as_they_are(dirs).history().clone(),
        _ => history,
    }
}

/// Reason why the history could not be worked on.
enum Trouble {
    /// It cannot be written, and may be readable.
    Unwritable(Message),
    Fault(Fault),
}

async fn work_on(
    index: &Index,
    store: &HistoryStore,
    home: &AgentHome,
    limits: Limits,
    observer: &dyn Observer,
) -> Result<Passed<threadkeep_history::HistoryProblem>, Trouble> {
    let ports = index.state.history_ports(store, home).await.map_err(|error| match &error {
        HistoryError::Open(refusal) if refusal.is_unwritable() => {
            let refusal = messages::of_refusal(refusal);
            Trouble::Unwritable(format!("{refusal}: the history was not brought up to date").into())
        }
        _ => Trouble::Fault(error.into()),
    })?;
    let progress = ports.progress.clone();
    pass(ports.engine(), &progress, limits, observer).await.map_err(Trouble::Fault)
}

/// Opens a history that cannot be written.
async fn as_it_is(index: &Index, dirs: &Dirs) -> Result<History, Fault> {
    let store = opening::stores_as_they_are(dirs).history().clone();
    Ok(History { extent: stored(index, &store).await?, store })
}

/// Returns the part that is indexed by the store's own account. The index says how many rollouts
/// there are.
async fn stored(index: &Index, store: &HistoryStore) -> Result<Extent, Fault> {
    let (indexed, files) = (store.indexed().await?.files, index.state.inventory().await?.files);
    Ok(Extent { indexed, files: files.max(indexed), reason: None })
}

//! Facts about the databases of a SQLite home: what `status` shows and what the checks judge.

pub(crate) mod copied;
mod patience;

use jiff::Timestamp;
use threadkeep_app::dirs::Dirs;
use threadkeep_app::{Fault, messages, opening};
use threadkeep_backfill::{Lease, Progress as _, ProgressState};
use threadkeep_history::{HISTORY_DB, Indexed};
use threadkeep_rollout::AgentHome;
use threadkeep_sqlite::{DbSpec, DbState, DbStatus, Decisions};
use threadkeep_state::{
    HomeProblem, Inventory, ListThreads, STATE_DB, Shelf, ThreadCounts, ThreadKind, health, owner_is_dead,
};
use threadkeep_state_goals::{GOALS_DB, GoalStatus, ListGoals};
use threadkeep_state_logs::{LOGS_DB, LogInventory};

use self::patience::{is_broken, patiently};

/// Facts about all databases.
#[derive(Debug)]
pub struct Facts {
    /// Reason why the agent's home cannot be read.
    pub home_fault: Option<Fault>,
    /// Every database.
    pub databases: Vec<DbStatus>,
    /// Reason why a missing index could not be created.
    pub obstacle: Option<String>,
    /// Contents of the index: nothing if it is missing or not usable.
    pub contents: Result<Option<Contents>, Fault>,
    /// Number of goals with each status that a goal has; nothing without a database.
    pub goals: Result<Option<Vec<(GoalStatus, u64)>>, Fault>,
    /// Figures of the logs; nothing without a database.
    pub logs: Result<Option<LogInventory>, Fault>,
    /// Part of the home that the history has; nothing without a database.
    pub history: Result<Option<Indexed>, Fault>,
    /// The user's decisions in each database that can be read, and in its file.
    pub decisions: Vec<(&'static str, Decisions)>,
}

/// Contents of a healthy index.
#[derive(Debug)]
pub struct Contents {
    /// Progress of the backfill.
    pub progress: ProgressState,
    /// Numbers of threads and files.
    pub inventory: Inventory,
    /// Listed threads of each kind.
    pub counts: ThreadCounts,
}

impl Contents {
    /// Returns the kinds of threads that are not the user's own, with their numbers.
    pub fn others(&self) -> impl Iterator<Item = (ThreadKind, u64)> {
        self.counts.kinds.iter().copied().filter(|(kind, _)| *kind != ThreadKind::User)
    }
}

impl Facts {
    /// Collects the facts. Changes not one byte of a database, and waits for no lock for long.
    pub async fn gather(dirs: &Dirs) -> Facts {
        let databases = health::status(&dirs.sqlite_home).await;
        let home_fault = AgentHome::open(&dirs.home).err().map(Fault::from);
        let state_of = |wanted: &DbSpec| {
            databases.iter().find(|found| found.label == wanted.label).map(|database| &database.state)
        };
        let index = state_of(&STATE_DB);
        let contents = match index {
            Some(DbState::Current) => patiently(async || contents(dirs).await).await.map(Some),
            _ => Ok(None),
        };
        let obstacle = match &home_fault {
            _ if index != Some(&DbState::Missing) => None,
            Some(fault) => Some(fault.to_string()),
            None => dirs.obstacle(),
        };
        let is_usable = |spec| state_of(spec) == Some(&DbState::Current);
        let goals = if is_usable(&GOALS_DB) { goals(dirs).await.map(Some) } else { Ok(None) };
        let logs = if is_usable(&LOGS_DB) { logs(dirs).await } else { Ok(None) };
        let history = if is_usable(&HISTORY_DB) { history(dirs).await.map(Some) } else { Ok(None) };
        let mut decisions = Vec::new();
        for compared in opening::stores_as_they_are(dirs).decisions().await {
            decisions.extend(compared.found.ok().map(|found| (compared.label, found)));
        }
        Facts { home_fault, databases, obstacle, contents, goals, logs, history, decisions }
    }

    /// Returns true if the user has to do something.
    #[must_use]
    pub fn have_trouble(&self) -> bool {
        let is_unreadable = |fault: Option<&Fault>| fault.is_some_and(is_broken);
        self.databases.iter().any(|database| is_trouble(&database.state))
            || self.home_fault.is_some()
            || self.obstacle.is_some()
            || is_unreadable(self.contents.as_ref().err())
            || is_unreadable(self.goals.as_ref().err())
            || is_unreadable(self.logs.as_ref().err())
            || is_unreadable(self.history.as_ref().err())
    }

    /// Returns the decisions of a database, if it keeps any and can be read.
    #[must_use]
    pub fn decisions_of(&self, label: &str) -> Option<Decisions> {
        let (_, found) = self.decisions.iter().find(|(of, _)| *of == label)?;
        Some(*found)
    }
}

/// Returns true if a database cannot be used until the user does something. A database that others
/// are using is no trouble.
#[must_use]
pub fn is_trouble(state: &DbState) -> bool {
    use DbState::{Changing, Current, Locked, Missing, Pending};
    !matches!(state, Missing | Current | Pending | Changing(_) | Locked(_))
}

/// Returns true if no process works under the lease any longer.
#[must_use]
pub fn is_over(lease: &Lease, now: Timestamp) -> bool {
    owner_is_dead(&lease.owner) || lease.expires_at <= now
}

async fn contents(dirs: &Dirs) -> Result<Contents, Fault> {
    let state = opening::stores_as_they_are(dirs).open_index().await?;
    let progress = state.backfill_progress().state().await.map_err(|error| messages::of_boxed(&*error))?;
    let all = ListThreads { shelf: Shelf::Any, all: true, ..ListThreads::default() };
    let (inventory, counts) = (state.inventory().await?, state.threads().count(&all).await?);
    state.close().await?;
    Ok(Contents { progress, inventory, counts })
}

/// Collects the problems of files and places: the path in the home, and the problem. None if there
/// is no index, or it cannot be read. Lists the home.
pub async fn problems(dirs: &Dirs) -> Vec<(String, HomeProblem)> {
    let remembered = patiently(async || {
        let state = opening::stores_as_they_are(dirs).open_index().await?;
        let remembered = state.file_problems(u32::MAX).await?;
        state.close().await?;
        Ok(remembered)
    });
    let Ok(remembered) = remembered.await else { return Vec::new() };
    let mut problems: Vec<_> = remembered.into_iter().map(|file| (file.path, file.problem)).collect();
    // The index does not remember problems of the home's folders and names.
    if let Ok(home) = AgentHome::open(&dirs.home)
        && let Ok(discovery) = tokio::task::spawn_blocking(move || home.discover()).await
    {
        let places = discovery.problems.into_iter();
        problems.extend(places.map(|place| (place.path, HomeProblem::Place(place.reason))));
    }
    problems
}

async fn goals(dirs: &Dirs) -> Result<Vec<(GoalStatus, u64)>, Fault> {
    let all = ListGoals { limit: u32::MAX, ..ListGoals::default() };
    let list = async || Ok(opening::stores_as_they_are(dirs).thread_goals().list(&all).await?);
    let goals = patiently(list).await?;
    let count = |status: GoalStatus| goals.iter().filter(|goal| goal.status == status).count() as u64;
    Ok(GoalStatus::ALL.map(|status| (status, count(status))).into_iter().filter(|(_, n)| *n > 0).collect())
}

async fn logs(dirs: &Dirs) -> Result<Option<LogInventory>, Fault> {
    patiently(async || Ok(opening::stores_as_they_are(dirs).logs().inventory().await?)).await
}

async fn history(dirs: &Dirs) -> Result<Indexed, Fault> {
    patiently(async || Ok(opening::stores_as_they_are(dirs).history().indexed().await?)).await
}

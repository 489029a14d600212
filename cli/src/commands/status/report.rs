//! The facts that `status` shows, and what counts as trouble.

use jiff::Timestamp;
use threadkeep_app::Fault;
use threadkeep_app::dirs::Dirs;
use threadkeep_app::settings::{ConfigFile, Feature};
use threadkeep_backfill::{BackfillStatus, Lease, ProgressState};
use threadkeep_sqlite::{DbState, DbStatus, Decisions};
use threadkeep_state::{DATABASES, Inventory, ThreadCounts, ThreadKind, owner_is_dead};

use super::figures::Figures;
use super::patience::is_broken;
use crate::commands::problems::PlaceProblem;

/// All facts.
pub(super) struct Report {
    pub(super) dirs: Dirs,
    pub(super) config: ConfigFile,
    /// Reason why the agent's home cannot be read.
    pub(super) home_fault: Option<Fault>,
    pub(super) databases: Vec<DbStatus>,
    /// Reason why a missing index could not be created.
    pub(super) obstacle: Option<String>,
    pub(super) contents: Result<Option<Contents>, Fault>,
    pub(super) figures: Figures,
    /// The user's decisions in each database that can be read, and in its file.
    pub(super) decisions: Vec<(&'static str, Decisions)>,
}

/// Contents of a healthy index.
pub(super) struct Contents {
    pub(super) progress: ProgressState,
    pub(super) inventory: Inventory,
    /// Listed threads of each kind.
    pub(super) counts: ThreadCounts,
    pub(super) problems: Vec<PlaceProblem>,
}

impl Contents {
    /// Returns the kinds of threads that are not the user's own, with their numbers.
    pub(super) fn others(&self) -> impl Iterator<Item = (ThreadKind, u64)> {
        self.counts.kinds.iter().copied().filter(|(kind, _)| *kind != ThreadKind::User)
    }
}

impl Report {
    /// Returns true if the user has to do something.
    pub(super) fn has_trouble(&self) -> bool {
        self.databases.iter().any(|database| is_trouble(&database.state))
            || self.config.errors().next().is_some()
            || self.home_fault.is_some()
            || self.obstacle.is_some()
            || self.contents.as_ref().is_err_and(is_broken)
            || self.figures.are_unreadable()
    }

    /// Returns the decisions of a database, if it keeps any and can be read.
    pub(super) fn decisions_of(&self, database: &DbStatus) -> Option<Decisions> {
        let (_, found) = self.decisions.iter().find(|(label, _)| *label == database.label)?;
        Some(*found)
    }

    /// Returns true if the feature that a database is for is switched on.
    pub(super) fn is_enabled(&self, database: &DbStatus) -> bool {
        Feature::of_database(database.label).is_none_or(|feature| !self.config.is_off(feature))
    }
}

/// Returns true if a database cannot be used until the user does something. A
/// database that others are using is no trouble.
pub(super) fn is_trouble(state: &DbState) -> bool {
    use DbState::{Changing, Current, Locked, Missing, Pending};
    !matches!(state, Missing | Current | Pending | Changing(_) | Locked(_))
}

/// Returns the application id that a database must have.
pub(super) fn application_id(database: &DbStatus) -> Option<u32> {
    let ours = DATABASES.iter().find(|ours| ours.label == database.label)?;
    Some(ours.application_id)
}

/// Returns the word for the state of the backfill.
pub(super) fn status_word(status: BackfillStatus) -> &'static str {
    match status {
        BackfillStatus::Pending => "pending",
        BackfillStatus::Running => "running",
        BackfillStatus::Complete => "complete",
    }
}

/// Returns true if no process works under the lease any longer.
pub(super) fn is_over(lease: &Lease) -> bool {
    owner_is_dead(&lease.owner) || lease.expires_at <= Timestamp::now()
}

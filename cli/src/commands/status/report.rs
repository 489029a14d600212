//! The facts that `status` shows, and what counts as trouble.

use threadkeep_app::dirs::Dirs;
use threadkeep_app::settings::{ConfigFile, Feature};
use threadkeep_backfill::BackfillStatus;
use threadkeep_doctor::facts::Facts;
use threadkeep_sqlite::DbStatus;
use threadkeep_state::{DATABASES, HomeProblem};

use crate::commands::problems::{self, PlaceProblem};

/// All facts.
pub(super) struct Report {
    pub(super) dirs: Dirs,
    pub(super) config: ConfigFile,
    pub(super) facts: Facts,
    /// Problems of the home, one for each place.
    pub(super) problems: Vec<PlaceProblem>,
}

impl Report {
    pub(super) fn new(
        dirs: Dirs,
        config: ConfigFile,
        facts: Facts,
        found: Vec<(String, HomeProblem)>,
    ) -> Report {
        let found = found.into_iter().map(|(path, problem)| PlaceProblem::new(path, problem));
        Report { dirs, config, facts, problems: problems::merged(found.collect()) }
    }

    /// Returns true if the user has to do something.
    pub(super) fn has_trouble(&self) -> bool {
        self.facts.have_trouble() || self.config.errors().next().is_some()
    }

    /// Returns true if the feature that a database is for is switched on.
    pub(super) fn is_enabled(&self, database: &DbStatus) -> bool {
        Feature::of_database(database.label).is_none_or(|feature| !self.config.is_off(feature))
    }
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

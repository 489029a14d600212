//! `status`: the two directories, the databases and what is in them, and how far the index is. Changes not one byte.

use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_backfill::{BackfillStatus, Lease, Progress as _, ProgressState};
use threadkeep_rollout::AgentHome;
use threadkeep_sqlite::{DbSpec, DbState, DbStatus, JournalMode, sqlite_version};
use threadkeep_state::backfill::owner_is_dead;
use threadkeep_state::{DATABASES, HomeProblem, Inventory, STATE_DB, health};
use threadkeep_state_goals::GOALS_DB;
use threadkeep_state_logs::LOGS_DB;

use super::problems::{self, PlaceProblem};
use super::status_figures::{self as figures, Figures};
use super::status_sheet;
use crate::config::{ConfigFile, Feature, Problem};
use crate::exit::{Code, Fault};
use crate::homes::Homes;
use crate::index;
use crate::output::{Answer, Screen, json::put_time};

/// Everything there is to say about the state of things.
pub(super) struct Status {
    pub(super) homes: Homes,
    pub(super) config: ConfigFile,
    /// What is wrong with the agent's home.
    pub(super) home_fault: Option<Fault>,
    pub(super) databases: Vec<DbStatus>,
    /// Why an index that is missing could not be made either.
    pub(super) obstacle: Option<String>,
    pub(super) contents: Result<Option<Contents>, Fault>,
    pub(super) figures: Figures,
}

/// What a healthy index says of itself.
pub(super) struct Contents {
    pub(super) progress: ProgressState,
    pub(super) inventory: Inventory,
    pub(super) problems: Vec<PlaceProblem>,
}

/// Looks at everything. Whatever is wrong is the answer.
pub(super) async fn status(homes: &Homes, config: ConfigFile, screen: &Screen) -> Status {
    let home_fault = AgentHome::open(&homes.home).err().map(|error| Fault::of(&error.into(), screen));
    let databases = health::status(&homes.sqlite_home).await;
    let state_of =
        |wanted: &DbSpec| databases.iter().find(|found| found.label == wanted.label).map(|db| &db.state);
    let index = state_of(&STATE_DB);
    let contents = match index {
        Some(DbState::Current) => contents(homes).await.map(Some).map_err(|error| Fault::of(&error, screen)),
        _ => Ok(None),
    };
    let obstacle = match &home_fault {
        _ if index != Some(&DbState::Missing) => None,
        Some(fault) => Some(fault.message.clone()),
        None => homes.obstacle(),
    };
    let is_usable = |spec| state_of(spec) == Some(&DbState::Current);
    let figures = Figures {
        goals: figures::of_goals(homes, is_usable(&GOALS_DB), screen).await,
        logs: figures::of_logs(homes, is_usable(&LOGS_DB), screen).await,
    };
    Status { homes: homes.absolute(), config, home_fault, databases, obstacle, contents, figures }
}

async fn contents(homes: &Homes) -> anyhow::Result<Contents> {
    let state = index::read_only(homes).await?;
    let progress = state.backfill_progress().state().await.map_err(anyhow::Error::from_boxed)?;
    let mut found = problems::remembered(&state).await?;
    // The index does not remember what is wrong with the home's folders and names.
    if let Ok(home) = AgentHome::open(&homes.home) {
        let discovery = tokio::task::spawn_blocking(move || home.discover()).await?;
        let places = discovery.problems.into_iter();
        found.extend(places.map(|place| PlaceProblem::new(place.path, HomeProblem::Place(place.reason))));
    }
    let contents =
        Contents { progress, inventory: state.inventory().await?, problems: problems::merged(found) };
    state.close().await?;
    Ok(contents)
}

/// Whether a database keeps threadkeep from working until someone does something.
pub(super) fn is_trouble(state: &DbState) -> bool {
    !matches!(state, DbState::Missing | DbState::Current | DbState::Pending)
}

/// Whether the feature that a database is for is switched on.
fn is_enabled(database: &DbStatus, config: &ConfigFile) -> bool {
    Feature::of_database(database.label).is_none_or(|feature| !config.is_off(feature))
}

impl Answer for Status {
    fn json(&self) -> Value {
        let contents = self.contents.as_ref().ok().and_then(Option::as_ref);
        json!({
            "home": self.homes.home.display().to_string(),
            "home_error": self.home_fault.as_ref().map(|fault| &fault.message),
            "sqlite_home": self.homes.sqlite_home.display().to_string(),
            "sqlite_version": sqlite_version(),
            "obstacle": self.obstacle,
            "config": json!({
                "path": self.config.path.display().to_string(),
                "exists": self.config.exists,
                "problems": self.config.problems.iter().map(Problem::json).collect::<Vec<_>>(),
            }),
            "databases": self.databases.iter().map(|database| json_of_database(database, &self.config)).collect::<Vec<_>>(),
            "index_error": self.contents.as_ref().err().map(|fault| &fault.message),
            "backfill": contents.map(|contents| json_of_progress(&contents.progress)),
            "inventory": contents.map(|contents| json_of_inventory(&contents.inventory)),
            "goals": self.figures.json_of_goals(),
            "logs": self.figures.json_of_logs(),
            "problems": contents
                .map(|contents| contents.problems.iter().map(PlaceProblem::json).collect::<Vec<_>>()),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        status_sheet::render(self, screen)
    }

    fn code(&self) -> Code {
        let trouble = self.databases.iter().any(|database| is_trouble(&database.state));
        let is_wrong = self.config.errors().next().is_some();
        if trouble
            || is_wrong
            || self.home_fault.is_some()
            || self.obstacle.is_some()
            || self.contents.is_err()
            || self.figures.are_unreadable()
        {
            Code::Problems
        } else {
            Code::Fine
        }
    }
}

/// The application id that a database has to have.
pub(super) fn application_id(database: &DbStatus) -> Option<u32> {
    let ours = DATABASES.iter().find(|ours| ours.spec.label == database.label)?;
    Some(ours.spec.application_id)
}

fn json_of_database(database: &DbStatus, config: &ConfigFile) -> Value {
    let schema = database.schema.as_ref().map(|schema| {
        json!({
            "applied": schema.applied,
            "known": schema.known,
            "needs": schema.needs,
            "pending": schema.pending,
            "unknown": schema.unknown,
            "mismatched": schema.mismatched,
        })
    });
    json!({
        "label": database.label,
        "path": database.paths.database.display().to_string(),
        "enabled": is_enabled(database, config),
        "state": database.state.as_str(),
        "detail": database.state.detail(),
        "size": database.size,
        "wal_size": database.wal_size,
        "journal_mode": database.journal.map(JournalMode::as_str),
        "application_id": database.application_id,
        "application_id_ok": database.application_id.map(|found| Some(found) == application_id(database)),
        "file_system": database.file_system.as_str(),
        "writable": database.writable,
        "schema": schema,
        "snapshots": database.snapshots.iter().map(|(_, path)| path.display().to_string()).collect::<Vec<_>>(),
    })
}

pub(super) fn status_word(status: BackfillStatus) -> &'static str {
    match status {
        BackfillStatus::Pending => "pending",
        BackfillStatus::Running => "running",
        BackfillStatus::Complete => "complete",
    }
}

/// Whether nobody works under the lease any more.
pub(super) fn is_over(lease: &Lease) -> bool {
    owner_is_dead(&lease.owner) || lease.expires_at <= Timestamp::now()
}

fn json_of_progress(progress: &ProgressState) -> Value {
    let mut object = serde_json::Map::new();
    object.insert("status".to_owned(), status_word(progress.status).into());
    object.insert("watermark".to_owned(), progress.watermark.clone().into());
    put_time(&mut object, "last_success_at", progress.last_success_at);
    let lease = progress.lease.as_ref().map_or(Value::Null, |lease| {
        let mut object = serde_json::Map::new();
        object.insert("owner".to_owned(), lease.owner.clone().into());
        object.insert("is_over".to_owned(), is_over(lease).into());
        put_time(&mut object, "expires_at", Some(lease.expires_at));
        object.into()
    });
    object.insert("lease".to_owned(), lease);
    object.into()
}

fn json_of_inventory(inventory: &Inventory) -> Value {
    json!({
        "current": inventory.current,
        "archived": inventory.archived,
        "missing": inventory.missing,
        "deleted": inventory.deleted,
        "files": inventory.files,
        "lines_skipped": inventory.lines_skipped,
        "files_with_problems": inventory.files_with_problems,
    })
}

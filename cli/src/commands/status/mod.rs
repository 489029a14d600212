//! `status`: the two directories, the databases with their contents, and the state of the index.
//! Changes not one byte, but for clearing up what an interrupted program left.

mod figures;
mod json;
mod patience;
mod report;
mod sheet;

use async_trait::async_trait;
use serde_json::Value;
use threadkeep_app::dirs::Dirs;
use threadkeep_app::{Fault, messages, opening};
use threadkeep_backfill::Progress as _;
use threadkeep_rollout::AgentHome;
use threadkeep_sqlite::{DbSpec, DbState};
use threadkeep_state::{HomeProblem, ListThreads, STATE_DB, Shelf, StateOptions, Stores, health};
use threadkeep_state_goals::GOALS_DB;
use threadkeep_state_logs::LOGS_DB;

use super::problems::{self, PlaceProblem};
use crate::command::{Answered, Context, Needs, Run};
use crate::exit::Code;
use crate::output::{Answer, Screen};
use figures::Figures;
use patience::patiently;
use report::{Contents, Report};

/// The command.
pub(super) struct Status;

#[async_trait(?Send)]
impl Run for Status {
    fn needs(&self) -> Needs {
        Needs::Dirs
    }

    /// Looks at everything. Trouble is the answer.
    async fn run(&self, Context { dirs, config, .. }: &Context<'_>) -> Answered {
        let home_fault = AgentHome::open(&dirs.home).err().map(Fault::from);
        let mut databases = health::status(&dirs.sqlite_home).await;
        if databases.iter().any(|found| matches!(found.state, DbState::NeedsRecovery(_))) {
            // A database that an interrupted program left is cleared up by opening it.
            let stores = Stores::new(&StateOptions::new(&dirs.sqlite_home));
            stores.clear_up().await;
            databases = health::status(&dirs.sqlite_home).await;
        }
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
        let figures = Figures {
            goals: figures::of_goals(dirs, is_usable(&GOALS_DB)).await,
            logs: figures::of_logs(dirs, is_usable(&LOGS_DB)).await,
        };
        let mut decisions = Vec::new();
        for compared in opening::stores_as_they_are(dirs).decisions().await {
            decisions.extend(compared.found.ok().map(|found| (compared.label, found)));
        }
        let (dirs, config) = (dirs.absolute(), config.clone());
        Ok(Box::new(Report { dirs, config, home_fault, databases, obstacle, contents, figures, decisions }))
    }
}

async fn contents(dirs: &Dirs) -> Result<Contents, Fault> {
    let state = opening::stores_as_they_are(dirs).open_index().await?;
    let progress = state.backfill_progress().state().await.map_err(|error| messages::of_boxed(&*error))?;
    let mut found = problems::remembered(&state).await?;
    // The index does not remember problems of the home's folders and names.
    if let Ok(home) = AgentHome::open(&dirs.home)
        && let Ok(discovery) = tokio::task::spawn_blocking(move || home.discover()).await
    {
        let places = discovery.problems.into_iter();
        found.extend(places.map(|place| PlaceProblem::new(place.path, HomeProblem::Place(place.reason))));
    }
    let all = ListThreads { shelf: Shelf::Any, all: true, ..ListThreads::default() };
    let (inventory, counts) = (state.inventory().await?, state.threads().count(&all).await?);
    let contents = Contents { progress, inventory, counts, problems: problems::merged(found) };
    state.close().await?;
    Ok(contents)
}

impl Answer for Report {
    fn json(&self) -> Value {
        self.document()
    }

    fn text(&self, screen: &Screen) -> String {
        sheet::render(self, screen)
    }

    fn code(&self) -> Code {
        if self.has_trouble() { Code::Problems } else { Code::Fine }
    }
}

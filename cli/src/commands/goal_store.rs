//! The store of goals, opened as well as it can be, and the goals beside threads.

use std::collections::HashMap;
use std::path::Path;

use threadkeep_sqlite::OpenOptions;
use threadkeep_state_goals::{Goal, GoalError, GoalStore};
use uuid::Uuid;

use crate::config::Settings;
use crate::exit::Fault;
use crate::homes::Homes;
use crate::output::Screen;

/// The goals of an SQLite home for who reads them: as they are, where they cannot be written to or no space is left.
pub(super) async fn for_reading(sqlite_home: &Path) -> Result<GoalStore, GoalError> {
    let store = GoalStore::new(sqlite_home, &OpenOptions::new());
    match store.database().existing().await {
        Err(error) if error.is_unwritable() => {
            Ok(GoalStore::new(sqlite_home, &OpenOptions::new().read_only(true)))
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(store),
    }
}

/// The goals of threads, all at once. That they cannot be read is said, and keeps nobody from the threads.
pub(super) async fn of_threads(
    homes: &Homes,
    ids: &[Uuid],
    settings: &Settings,
    screen: &Screen,
) -> HashMap<Uuid, Goal> {
    if !settings.features.goals {
        return HashMap::new();
    }
    match read(&homes.sqlite_home, ids).await {
        Ok(goals) => goals.into_iter().map(|goal| (goal.thread_id, goal)).collect(),
        Err(error) => {
            let Fault { message, hint, .. } = Fault::of(&error.into(), screen);
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            screen.note(&format!("goals are not shown: {message}{hint}"));
            HashMap::new()
        }
    }
}

async fn read(sqlite_home: &Path, ids: &[Uuid]) -> Result<Vec<Goal>, GoalError> {
    let store = for_reading(sqlite_home).await?;
    let goals = store.get_many(ids).await?;
    store.close().await?;
    Ok(goals)
}

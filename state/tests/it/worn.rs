//! Texts that damage changed, which no check of SQLite sees: ids, and the JSON of log rows.

use std::fs;
use std::path::Path;

use threadkeep_sqlite::OpenOptions;
use threadkeep_state::{StateOptions, StateRuntime};
use threadkeep_state_goals::NewGoal;
use threadkeep_state_logs::LogQuery;

use crate::common::{Fixture, Result, id, rollout_path, session};
use crate::deletion::{log, now};

/// Replaces the last byte of a text wherever it stands in a file.
fn wear(file: &Path, text: &str, last: u8) -> Result {
    let mut bytes = fs::read(file)?;
    let places: Vec<usize> = bytes
        .windows(text.len())
        .enumerate()
        .filter(|(_, at)| *at == text.as_bytes())
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty(), "{} has {text}", file.display());
    for place in places {
        bytes[place + text.len() - 1] = last;
    }
    Ok(fs::write(file, bytes)?)
}

async fn reopened(folder: &Path) -> Result<StateRuntime> {
    let options = StateOptions::new(folder).open_options(OpenOptions::new().recover(|_, _| ()));
    Ok(StateRuntime::open(&options).await?)
}

#[tokio::test]
async fn an_id_that_damage_changed_costs_no_decision_and_adds_none() -> Result {
    // A digit makes another id of it, a letter beyond them makes none.
    for last in [b'f', b'z'] {
        for database in ["state_5.sqlite", "goals_1.sqlite", "logs_2.sqlite"] {
            let fixture = Fixture::empty().await?;
            for number in [1, 2] {
                fixture.write(&rollout_path(id(number)), session(id(number), "hello"))?;
            }
            fixture.index().await?;
            log(&fixture.state, id(2), "a row").await?;
            let goal = fixture.state.thread_goals().replace(id(2), NewGoal::new("reach it"), now()).await?;
            fixture.state.delete_thread(id(1), now()).await?;
            fixture.state.clone().close().await?;
            let folder = fixture.sqlite_home();
            wear(&folder.join(database), &id(1).to_string(), last)?;

            let state = reopened(&folder).await?;
            let deleted = state.threads().deleted(9).await?;
            assert_eq!(
                deleted.iter().map(|stone| stone.thread_id).collect::<Vec<_>>(),
                [id(1)],
                "{database}"
            );
            let refused = state.thread_goals().replace(id(1), NewGoal::new("again"), now()).await;
            assert!(refused.is_err(), "{database}");
            let known = state.thread_goals().deleted_threads().list().await?;
            assert_eq!(known.iter().map(|stone| stone.thread_id).collect::<Vec<_>>(), [id(1)], "{database}");
            state.logs().deleted_threads().list().await?;
            let decisions = state.threads().list(&Default::default()).await;
            assert!(decisions.is_ok(), "{database}: {decisions:?}");
            state.close().await?;

            wear(&folder.join("goals_1.sqlite"), &goal.goal_id.to_string(), last)?;
            let state = reopened(&folder).await?;
            let found = state.thread_goals().get(id(2)).await?.ok_or("the goal")?;
            assert_eq!((found.goal_id, found.objective.as_str()), (goal.goal_id, "reach it"));
            state.close().await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_log_row_that_damage_made_unreadable_does_not_end_the_log() -> Result {
    let fixture = Fixture::empty().await?;
    log(&fixture.state, id(1), "a row").await?;
    let rows = fixture.state.logs().query(&LogQuery::default()).await?;
    let process = rows[0].process_id.ok_or("the row's process")?.to_string();
    fixture.state.clone().close().await?;
    let folder = fixture.sqlite_home();
    wear(&folder.join("logs_2.sqlite"), &process, b'z')?;
    let state = reopened(&folder).await?;
    log(&state, id(1), "another row").await?;
    assert_eq!(state.logs().query(&LogQuery::default()).await?.len(), 1);
    Ok(state.close().await?)
}

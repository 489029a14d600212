//! Looking after every database alike.

use std::fs;

use jiff::Timestamp;
use threadkeep_sqlite::{DbState, Depth};
use threadkeep_state::health::{HealthError, set_aside, status};
use threadkeep_state::{DATABASES, StateOptions, StateRuntime};
use threadkeep_state_goals::NewGoal;

use crate::common::{Fixture, Result, id, thread};

async fn with_a_goal() -> Result<Fixture> {
    let fixture = Fixture::empty().await?;
    fixture.state.threads().upsert(&[thread(1, 1)?]).await?;
    fixture.state.thread_goals().insert(id(1), NewGoal::new("a goal"), Timestamp::UNIX_EPOCH).await?;
    Ok(fixture)
}

#[tokio::test]
async fn every_database_has_a_status_whether_it_is_there_or_not() -> Result {
    let fixture = with_a_goal().await?;
    let all = status(&fixture.sqlite_home()).await;
    let words: Vec<_> = all.iter().map(|one| (one.label, one.state.as_str())).collect();
    assert_eq!(words, [("state", "current"), ("goals", "current"), ("logs", "missing")]);
    assert_eq!(words.len(), DATABASES.len());
    Ok(())
}

#[tokio::test]
async fn a_snapshot_is_a_home_that_opens() -> Result {
    let fixture = with_a_goal().await?;
    let copy = tempfile::tempdir()?;
    let copies = fixture.state.snapshot(copy.path()).await?;
    assert_eq!(copies.len(), 2, "there are no logs: {copies:?}");
    let state = StateRuntime::open(&StateOptions::new(copy.path())).await?;
    assert!(state.threads().get(id(1)).await?.is_some());
    assert_eq!(state.thread_goals().get(id(1)).await?.ok_or("a goal")?.objective, "a goal");
    let again = fixture.state.snapshot(copy.path()).await;
    assert!(matches!(again, Err(HealthError::Database(_))), "nothing is written over: {again:?}");
    Ok(())
}

#[tokio::test]
async fn what_is_damaged_is_found_and_set_aside_and_what_is_not_stays() -> Result {
    let fixture = with_a_goal().await?;
    let folder = fixture.sqlite_home();
    for found in fixture.state.integrity(Depth::Full).await {
        assert_eq!(found.found?, Vec::<String>::new(), "{}", found.label);
    }
    fixture.state.clone().close().await?;
    let refused = set_aside(&folder, "goals", Timestamp::UNIX_EPOCH).await;
    assert!(matches!(refused, Err(HealthError::NotDamaged { state: "current", .. })), "{refused:?}");

    let file = folder.join("goals_1.sqlite");
    let whole = fs::read(&file)?;
    fs::write(&file, &whole[..60])?;
    assert!(matches!(status(&folder).await[1].state, DbState::Corrupt(_)));
    let unknown = set_aside(&folder, "gaols", Timestamp::UNIX_EPOCH).await.expect_err("no such database");
    assert_eq!(unknown.to_string(), "no database is called `gaols`; the databases are state, goals, logs");
    let moved = set_aside(&folder, "goals", Timestamp::from_millisecond(7)?).await?;
    assert_eq!(moved, [folder.join("goals_1.sqlite.damaged-7")]);
    assert_eq!(fs::read(&moved[0])?, whole[..60], "not a byte is lost");
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    assert!(state.thread_goals().get(id(1)).await?.is_none());
    assert!(state.threads().get(id(1)).await?.is_some());
    Ok(())
}

//! Looking after every database alike.

use std::fs;

use jiff::Timestamp;
use threadkeep_sqlite::{DbError, DbState, Depth, OpenError, OpenOptions};
use threadkeep_state::health::{HealthError, status};
use threadkeep_state::{DATABASES, StateOptions, StateRuntime, Stores};
use threadkeep_state_goals::{GoalError, NewGoal};

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
async fn what_is_damaged_is_found_and_made_again_if_asked_and_what_is_not_stays() -> Result {
    let fixture = with_a_goal().await?;
    let folder = fixture.sqlite_home();
    for found in fixture.state.integrity(Depth::Full).await {
        assert_eq!(found.found?, Vec::<String>::new(), "{}", found.label);
    }
    fixture.state.clone().close().await?;
    let file = folder.join("goals_1.sqlite");
    let whole = fs::read(&file)?;
    fs::write(&file, &whole[..60])?;
    assert!(matches!(status(&folder).await[1].state, DbState::Corrupt(_)));
    let refused = Stores::new(&StateOptions::new(&folder)).thread_goals().get(id(1)).await;
    assert!(
        matches!(refused, Err(GoalError::Open(OpenError::Database(DbError::Corrupt(..))))),
        "{refused:?}"
    );
    assert_eq!(fs::read(&file)?, whole[..60], "nothing is changed unasked");

    let (said, heard) = std::sync::mpsc::channel();
    let recovering =
        OpenOptions::new().recover(move |label, recovery| drop(said.send((label, recovery.clone()))));
    let state = StateRuntime::open(&StateOptions::new(&folder).open_options(recovering)).await?;
    assert!(state.thread_goals().get(id(1)).await?.is_some());
    assert!(state.threads().get(id(1)).await?.is_some());
    let (label, recovery) = heard.try_recv()?;
    assert_eq!((label, recovery.decisions, recovery.is_complete), ("goals", 1, true));
    assert_eq!(fs::read(recovery.moved_to.ok_or("it was moved")?)?, whole[..60], "not a byte is lost");
    assert!(heard.try_recv().is_err(), "the index was whole");
    for compared in Stores::new(&StateOptions::new(&folder)).decisions().await {
        assert_eq!(compared.found?.different, 0, "{}", compared.label);
    }
    Ok(())
}

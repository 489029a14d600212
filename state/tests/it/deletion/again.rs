//! What was deleted stays so, until it is brought back.

use threadkeep_state::backfill::IndexOptions;
use threadkeep_state::{StateOptions, StateRuntime};
use threadkeep_state_goals::{GoalError, NewGoal};

use super::{half_deleted, log, logged, now, two_threads};
use crate::common::{Result, id};

#[tokio::test]
async fn a_thread_that_is_brought_back_takes_goals_and_logs_again() -> Result {
    let lab = two_threads().await?;
    let new = || NewGoal::new("again");
    lab.state.delete_thread(id(1), now()).await?;
    let refused = lab.state.thread_goals().insert(id(1), new(), now()).await;
    assert!(matches!(refused, Err(GoalError::ThreadDeleted(_))));
    log(&lab.state, id(1), "late").await?;
    assert_eq!(logged(&lab.state, id(1)).await?, 0);

    lab.index_with(IndexOptions { include_deleted: true }).await?;
    assert_eq!(lab.state.finish_deletions().await?, []);
    lab.state.thread_goals().insert(id(1), new(), now()).await?;
    log(&lab.state, id(1), "again").await?;
    assert_eq!(logged(&lab.state, id(1)).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_note_that_a_thread_came_back_before_is_no_deletion() -> Result {
    let lab = two_threads().await?;
    let folder = lab.sqlite_home();
    half_deleted(&lab).await?;
    lab.sql("DELETE FROM tombstones").await?;
    lab.state.clone().close().await?;
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    assert!(state.thread_goals().get(id(1)).await?.is_some());
    assert_eq!(logged(&state, id(1)).await?, 1);
    assert!(state.finish_deletions().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn what_was_deleted_stays_so_when_the_index_is_lost() -> Result {
    let lab = two_threads().await?;
    let folder = lab.sqlite_home();
    lab.state.delete_thread(id(1), now()).await?;
    lab.state.clone().close().await?;
    std::fs::remove_file(folder.join("state_5.sqlite"))?;

    let lab = lab.reopened().await?;
    lab.index().await?;
    assert!(lab.state.threads().get(id(1)).await?.is_none());
    assert!(lab.state.threads().get(id(2)).await?.is_some());
    lab.index_with(IndexOptions { include_deleted: true }).await?;
    assert!(lab.state.threads().get(id(1)).await?.is_some());
    assert_eq!(lab.state.finish_deletions().await?, []);
    lab.state.thread_goals().insert(id(1), NewGoal::new("again"), now()).await?;
    Ok(())
}

#[tokio::test]
async fn a_thread_of_an_index_that_was_restored_can_have_goals_again() -> Result {
    let lab = two_threads().await?;
    let (folder, backup) = (lab.sqlite_home(), tempfile::tempdir()?);
    lab.state.snapshot(backup.path()).await?;
    lab.state.delete_thread(id(1), now()).await?;
    lab.state.clone().close().await?;
    std::fs::copy(backup.path().join("state_5.sqlite"), folder.join("state_5.sqlite"))?;

    let lab = lab.reopened().await?;
    assert!(lab.state.threads().get(id(1)).await?.is_some());
    let goals = lab.state.thread_goals();
    assert!(goals.insert(id(1), NewGoal::new("again"), now()).await.is_err(), "they do not know of that");
    assert_eq!(lab.state.restore_threads(now()).await?, []);
    goals.insert(id(1), NewGoal::new("again"), now()).await?;
    Ok(())
}

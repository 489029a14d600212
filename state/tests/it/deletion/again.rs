//! A deleted thread stays deleted until it is restored.

use std::path::Path;

use threadkeep_state::backfill::IndexOptions;
use threadkeep_state::{StateError, StateOptions, StateRuntime, Stores};
use threadkeep_state_goals::{GoalError, NewGoal};
use uuid::Uuid;

use super::{MARKER, half_deleted, log, logged, no_residue, now, only_the_second_is_left, two_threads};
use crate::common::{Result, id};

#[tokio::test]
async fn a_thread_that_is_brought_back_takes_goals_and_logs_again() -> Result {
    let fixture = two_threads().await?;
    let new = || NewGoal::new("again");
    fixture.state.delete_thread(id(1), now()).await?;
    let refused = fixture.state.thread_goals().insert(id(1), new(), now()).await;
    assert!(matches!(refused, Err(GoalError::ThreadDeleted(_))));
    log(&fixture.state, id(1), "late").await?;
    assert_eq!(logged(&fixture.state, id(1)).await?, 0);

    fixture.index_with(IndexOptions { include_deleted: true }).await?;
    assert_eq!(fixture.state.finish_deletions().await?, []);
    fixture.state.thread_goals().insert(id(1), new(), now()).await?;
    log(&fixture.state, id(1), "again").await?;
    assert_eq!(logged(&fixture.state, id(1)).await?, 1);
    fixture.index_history().await?;
    assert!(fixture.state.history().figures(id(1)).await?.is_some());
    Ok(())
}

#[tokio::test]
async fn a_note_that_a_thread_came_back_before_is_no_deletion() -> Result {
    let fixture = two_threads().await?;
    let folder = fixture.sqlite_home();
    half_deleted(&fixture).await?;
    fixture.sql("DELETE FROM tombstones").await?;
    fixture.state.clone().close().await?;
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    assert!(state.thread_goals().get(id(1)).await?.is_some());
    assert_eq!(logged(&state, id(1)).await?, 1);
    assert!(state.finish_deletions().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn what_was_deleted_stays_so_when_the_index_is_lost() -> Result {
    let fixture = two_threads().await?;
    let folder = fixture.sqlite_home();
    fixture.state.delete_thread(id(1), now()).await?;
    fixture.state.clone().close().await?;
    std::fs::remove_file(folder.join("state_5.sqlite"))?;

    let fixture = fixture.reopened().await?;
    fixture.index().await?;
    assert!(fixture.state.threads().get(id(1)).await?.is_none());
    assert!(fixture.state.threads().get(id(2)).await?.is_some());
    fixture.index_with(IndexOptions { include_deleted: true }).await?;
    assert!(fixture.state.threads().get(id(1)).await?.is_some());
    assert_eq!(fixture.state.finish_deletions().await?, []);
    fixture.state.thread_goals().insert(id(1), NewGoal::new("again"), now()).await?;
    Ok(())
}

#[tokio::test]
async fn a_thread_of_an_index_that_was_restored_can_have_goals_again() -> Result {
    let fixture = two_threads().await?;
    let (folder, backup) = (fixture.sqlite_home(), tempfile::tempdir()?);
    fixture.state.snapshot(backup.path()).await?;
    fixture.state.delete_thread(id(1), now()).await?;
    fixture.state.clone().close().await?;
    std::fs::copy(backup.path().join("state_5.sqlite"), folder.join("state_5.sqlite"))?;
    std::fs::remove_file(folder.join("state_5.sqlite.decisions"))?;

    let fixture = fixture.reopened().await?;
    assert!(fixture.state.threads().get(id(1)).await?.is_some());
    let goals = fixture.state.thread_goals();
    assert!(goals.insert(id(1), NewGoal::new("again"), now()).await.is_err(), "they do not know of that");
    assert_eq!(fixture.state.restore_threads(now()).await?, []);
    goals.insert(id(1), NewGoal::new("again"), now()).await?;
    Ok(())
}

#[tokio::test]
async fn an_index_that_was_restored_learns_what_was_decided_since() -> Result {
    let fixture = two_threads().await?;
    let (folder, backup) = (fixture.sqlite_home(), tempfile::tempdir()?);
    fixture.state.snapshot(backup.path()).await?;
    fixture.state.delete_thread(id(1), now()).await?;
    fixture.state.threads().rename(id(2), Some("since"), now()).await?;
    fixture.state.clone().close().await?;
    std::fs::copy(backup.path().join("state_5.sqlite"), folder.join("state_5.sqlite"))?;

    let fixture = fixture.reopened().await?;
    fixture.index().await?;
    assert!(fixture.state.threads().get(id(1)).await?.is_none());
    let thread = fixture.state.threads().get(id(2)).await?.ok_or("it is there")?;
    assert_eq!(thread.name.as_deref(), Some("since"));
    Ok(())
}

#[tokio::test]
async fn one_thread_is_restored_alone() -> Result {
    let fixture = two_threads().await?;
    for number in [1, 2] {
        fixture.state.delete_thread(id(number), jiff::Timestamp::now()).await?;
    }
    let deleted = fixture.state.threads().deleted(10).await?;
    assert_eq!(deleted.iter().map(|stone| stone.thread_id).collect::<Vec<_>>(), [id(2), id(1)]);
    assert!(fixture.state.restore_thread(id(1), now()).await?.is_empty());
    fixture.index().await?;
    let threads = fixture.threads().await?;
    assert_eq!(threads.iter().map(|thread| thread.id).collect::<Vec<_>>(), [id(1)]);
    let name = format!("{MARKER} named");
    assert_eq!(threads[0].name.as_deref(), Some(name.as_str()), "the agent's name is there again");
    fixture.state.thread_goals().insert(id(1), NewGoal::new("again"), now()).await?;
    let error = fixture.state.restore_thread(id(1), now()).await.expect_err("it is not deleted");
    assert!(matches!(error, StateError::NotFound(_)));
    Ok(())
}

/// Appends the line that a deletion appends right before it commits.
fn append_deletion(folder: &Path, thread: Uuid) -> Result {
    let path = folder.join("state_5.sqlite.decisions");
    let mut text = std::fs::read_to_string(&path)?;
    let number = text.lines().count() + 1;
    let line = format!("[{number},\"deleted\",\"{thread}\",{{\"deleted_at_ms\":1795353796000}}]");
    text.push_str(&format!("{:08x} {line}\n", crc32fast::hash(line.as_bytes())));
    Ok(std::fs::write(path, text)?)
}

#[tokio::test]
async fn a_deletion_killed_before_its_commit_reaches_every_store() -> Result {
    let fixture = two_threads().await?;
    let folder = fixture.sqlite_home();
    fixture.state.clone().close().await?;
    let stores = Stores::new(&StateOptions::new(&folder));
    for snapshot in stores.keep_snapshots(now(), 3).await {
        snapshot.path?;
    }
    stores.close().await?;
    append_deletion(&folder, id(1))?;
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    only_the_second_is_left(&state).await?;
    let refused = state.thread_goals().insert(id(1), NewGoal::new("again"), now()).await;
    assert!(matches!(refused, Err(GoalError::ThreadDeleted(_))));
    state.close().await?;
    no_residue(&folder)
}

#[tokio::test]
async fn stores_that_were_lost_with_the_index_learn_of_deletions_again() -> Result {
    let fixture = two_threads().await?;
    let folder = fixture.sqlite_home();
    let older = tempfile::tempdir()?;
    fixture.state.snapshot(older.path()).await?;
    fixture.state.delete_thread(id(1), now()).await?;
    fixture.state.clone().close().await?;
    for file in ["goals_1.sqlite", "history_1.sqlite", "logs_2.sqlite"] {
        std::fs::copy(older.path().join(file), folder.join(file))?;
    }
    for file in ["state_5.sqlite", "goals_1.sqlite.decisions"] {
        std::fs::remove_file(folder.join(file))?;
    }
    let fixture = fixture.reopened().await?;
    fixture.index().await?;
    assert_eq!(logged(&fixture.state, id(1)).await?, 0);
    assert!(fixture.state.thread_goals().get(id(1)).await?.is_none());
    assert!(fixture.state.thread_goals().get(id(2)).await?.is_some());
    assert!(fixture.state.finish_deletions().await?.is_empty());
    fixture.state.close().await?;
    no_residue(&folder)
}

#[tokio::test]
async fn a_restoration_killed_before_its_commit_reaches_every_store() -> Result {
    let fixture = two_threads().await?;
    let folder = fixture.sqlite_home();
    let before = tempfile::tempdir()?;
    fixture.state.delete_thread(id(1), now()).await?;
    fixture.state.snapshot(before.path()).await?;
    fixture.state.restore_thread(id(1), now()).await?;
    fixture.state.clone().close().await?;
    for file in ["state_5.sqlite", "goals_1.sqlite", "history_1.sqlite", "logs_2.sqlite"] {
        std::fs::copy(before.path().join(file), folder.join(file))?;
    }
    let fixture = fixture.reopened().await?;
    fixture.index().await?;
    fixture.state.thread_goals().insert(id(1), NewGoal::new("again"), now()).await?;
    log(&fixture.state, id(1), "again").await?;
    assert_eq!(logged(&fixture.state, id(1)).await?, 1);
    fixture.index_history().await?;
    assert!(fixture.state.history().figures(id(1)).await?.is_some());
    Ok(())
}

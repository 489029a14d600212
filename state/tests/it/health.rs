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

#[tokio::test]
async fn neither_another_file_of_decisions_nor_a_damaged_one_costs_a_decision() -> Result {
    let change: [fn(&std::path::Path) -> std::io::Result<()>; 4] = [
        // The file of another database, with as many lines.
        |folder| {
            let (from, to) = ("goals_1.sqlite.decisions", "state_5.sqlite.decisions");
            fs::copy(folder.join(from), folder.join(to)).map(drop)
        },
        // A line that cannot be read.
        |folder| {
            let path = folder.join("state_5.sqlite.decisions");
            let text = fs::read_to_string(&path)?;
            fs::write(path, text.replace("kept name", "kept nome"))
        },
        // Neither can its beginning.
        |folder| fs::write(folder.join("state_5.sqlite.decisions"), "x\n"),
        |folder| fs::remove_file(folder.join("state_5.sqlite.decisions")),
    ];
    for change in change {
        let fixture = with_a_goal().await?;
        let folder = fixture.sqlite_home();
        fixture.state.threads().rename(id(1), Some("kept name"), Timestamp::UNIX_EPOCH).await?;
        fixture.state.clone().close().await?;
        change(&folder)?;
        // Changed since it was closed, so that it is checked.
        let file = fs::File::options().write(true).open(folder.join("state_5.sqlite"))?;
        file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(5))?;
        let before = file_names(&folder)?;
        let read_only = StateOptions::new(&folder).open_options(OpenOptions::new().read_only(true));
        assert!(Stores::new(&read_only).decisions().await.iter().any(|found| found.found.is_ok()));
        assert_eq!(file_names(&folder)?, before, "a comparison changes nothing");
        let fixture = fixture.reopened().await?;
        let name = fixture.state.threads().get(id(1)).await?.and_then(|thread| thread.name);
        assert_eq!(name.as_deref(), Some("kept name"));
        fixture.state.clone().close().await?;
        for compared in Stores::new(&StateOptions::new(&folder)).decisions().await {
            let found = compared.found?;
            assert_eq!((found.different, found.damaged_lines), (0, 0), "{}", compared.label);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_changed_name_in_the_database_is_restored_from_the_file() -> Result {
    let fixture = with_a_goal().await?;
    let folder = fixture.sqlite_home();
    fixture.state.threads().rename(id(1), Some("kept name"), Timestamp::UNIX_EPOCH).await?;
    fixture.state.clone().close().await?;
    let path = folder.join("state_5.sqlite");
    let mut bytes = fs::read(&path)?;
    let places: Vec<usize> = (0..bytes.len() - 9).filter(|at| &bytes[*at..at + 9] == b"kept name").collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at + 3] = b'x';
    }
    fs::write(&path, bytes)?;
    let fixture = fixture.reopened().await?;
    let name = fixture.state.threads().get(id(1)).await?.and_then(|thread| thread.name);
    assert_eq!(name.as_deref(), Some("kept name"));
    Ok(())
}

#[tokio::test]
async fn a_file_of_decisions_that_cannot_be_used_stops_no_reader() -> Result {
    let fixture = with_a_goal().await?;
    let folder = fixture.sqlite_home();
    fixture.state.threads().rename(id(1), Some("kept name"), Timestamp::UNIX_EPOCH).await?;
    fixture.state.clone().close().await?;
    fs::remove_file(folder.join("state_5.sqlite.decisions"))?;
    fs::create_dir(folder.join("state_5.sqlite.decisions"))?;
    fs::write(folder.join("state_5.sqlite.lock"), "")?;
    let fixture = fixture.reopened().await?;
    let name = fixture.state.threads().get(id(1)).await?.and_then(|thread| thread.name);
    assert_eq!(name.as_deref(), Some("kept name"));
    let edited = fixture.state.threads().rename(id(1), Some("another"), Timestamp::UNIX_EPOCH).await;
    assert!(edited.is_err(), "an edit cannot be kept twice");
    Ok(())
}

fn file_names(folder: &std::path::Path) -> std::io::Result<Vec<std::ffi::OsString>> {
    let mut names =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<std::io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

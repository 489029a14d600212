//! Looking after every database alike.

use std::fs;

use jiff::Timestamp;
use threadkeep_sqlite::{Database, DbError, DbState, Depth, OpenError, OpenOptions};
use threadkeep_state::health::{HealthError, Repaired, status};
use threadkeep_state::{DATABASES, StateOptions, StateRuntime, Stores};
use threadkeep_state_goals::{GOALS_DB, GoalError, NewGoal};

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
    let wanted = [("state", "current"), ("goals", "current"), ("logs", "missing"), ("history", "missing")];
    assert_eq!(words, wanted);
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
    for found in fixture.state.stores().integrity(Depth::Full).await {
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
async fn the_file_of_another_index_is_not_continued() -> Result {
    let (fixture, other) = (with_a_goal().await?, with_a_goal().await?);
    for (fixture, name) in [(&fixture, "kept name"), (&other, "foreign name")] {
        fixture.state.threads().rename(id(1), Some(name), Timestamp::UNIX_EPOCH).await?;
        fixture.state.clone().close().await?;
    }
    // It has as many lines.
    let file = fixture.sqlite_home().join("state_5.sqlite.decisions");
    fs::copy(other.sqlite_home().join("state_5.sqlite.decisions"), &file)?;
    let fixture = fixture.reopened().await?;
    fixture.state.threads().archive(id(1), Timestamp::UNIX_EPOCH).await?;
    fixture.state.clone().close().await?;
    let text = fs::read_to_string(&file)?;
    assert!(text.contains("kept name") && !text.contains("foreign name"), "{text}");
    let other = fs::read_to_string(fixture.sqlite_home().join("state_5.sqlite.decisions.other"))?;
    assert!(other.contains("foreign name"), "nothing is lost: {other}");
    Ok(())
}

#[tokio::test]
async fn a_missing_database_with_a_snapshot_is_lost_also_without_its_decisions() -> Result {
    let fixture = with_a_goal().await?;
    let folder = fixture.sqlite_home();
    let stores = Stores::new(&StateOptions::new(&folder).open_options(OpenOptions::new().recover(|_, _| ())));
    for taken in stores.keep_snapshots(Timestamp::now(), 1).await {
        taken.path?;
    }
    stores.close().await?;
    fixture.state.close().await?;
    for end in ["", ".decisions"] {
        fs::remove_file(folder.join(format!("goals_1.sqlite{end}")))?;
    }
    assert!(matches!(status(&folder).await[1].state, DbState::Corrupt(_)));
    let repaired = stores.repair("goals").await?;
    assert!(
        matches!(&repaired, Repaired::MadeAgain(recovery) if recovery.snapshot.is_some()),
        "{repaired:?}"
    );
    let goal = stores.thread_goals().get(id(1)).await?;
    assert_eq!(goal.ok_or("the goal")?.objective, "a goal");
    Ok(())
}

#[tokio::test]
async fn repairs_at_once_make_a_database_again_once() -> Result {
    let fixture = with_a_goal().await?;
    // Only a repair looks for a row that points to nothing.
    let mut raw = fixture.raw().await?;
    for sql in
        ["PRAGMA foreign_keys = OFF", "INSERT INTO rollout_checkpoints (path, checkpoint) VALUES ('x', '')"]
    {
        sqlx::query(sql).execute(&mut raw).await?;
    }
    sqlx::Connection::close(raw).await?;
    let folder = fixture.sqlite_home();
    fixture.state.close().await?;
    let recovering = StateOptions::new(&folder).open_options(OpenOptions::new().recover(|_, _| ()));
    let [first, second, third] =
        [Stores::new(&recovering), Stores::new(&recovering), Stores::new(&recovering)];
    let repaired = tokio::join!(first.repair("state"), second.repair("state"), third.repair("state"));
    let repaired = [repaired.0?, repaired.1?, repaired.2?];
    let made = repaired.iter().filter(|repaired| matches!(repaired, Repaired::MadeAgain(_))).count();
    assert_eq!(made, 1, "{repaired:?}");
    Ok(())
}

#[tokio::test]
async fn the_words_of_a_deleted_goal_leave_the_snapshots_too() -> Result {
    let fixture = with_a_goal().await?;
    let folder = fixture.sqlite_home();
    let goals = fixture.state.thread_goals();
    goals.replace(id(1), NewGoal::new("withdrawn words"), Timestamp::UNIX_EPOCH).await?;
    let path = Database::open(&GOALS_DB, &folder, &OpenOptions::new())
        .await?
        .keep_snapshot(Timestamp::now(), 1)
        .await?;
    let words = b"withdrawn words";
    let has_words =
        || Ok::<_, std::io::Error>(fs::read(&path)?.windows(words.len()).any(|bytes| bytes == words));
    assert!(has_words()?);
    goals.delete(id(1), None).await?;
    assert!(!has_words()?, "{}", path.display());
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

//! Content that cannot be deleted at once is deleted later.

use sqlx::{Connection as _, SqliteConnection};
use threadkeep_state::{DeletedNow, OpenOptions, StateOptions, StateRuntime};

use super::{HOUR, MARKER, half_deleted, logged, no_residue, now, only_the_second_is_left, two_threads};
use crate::common::{Result, id};

#[tokio::test]
async fn a_store_that_cannot_be_cleaned_is_cleaned_when_it_can() -> Result {
    let fixture = two_threads().await?;
    let folder = fixture.sqlite_home();
    fixture.state.clone().close().await?;
    let goals = folder.join("goals_1.sqlite");
    let theirs = std::fs::read(&goals)?;
    std::fs::write(&goals, "for a while this is another program's")?;
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    let left = state.delete_thread(id(1), now()).await?;
    assert_eq!(
        left.iter().map(|left| (left.thread_id, left.participant.as_str())).collect::<Vec<_>>(),
        [(id(1), "goals")]
    );
    assert!(left[0].reason.contains("goals_1.sqlite"), "{}", left[0].reason);
    assert_eq!(logged(&state, id(1)).await?, 0, "the other store was cleaned");
    state.close().await?;

    std::fs::write(&goals, theirs)?;
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    only_the_second_is_left(&state).await?;
    state.close().await?;
    no_residue(&folder)
}

#[tokio::test]
async fn a_store_that_is_locked_does_not_keep_the_state_from_opening() -> Result {
    let fixture = two_threads().await?;
    let folder = fixture.sqlite_home();
    half_deleted(&fixture).await?;
    fixture.state.clone().close().await?;
    let mut locks = Vec::new();
    for file in ["goals_1.sqlite", "logs_2.sqlite"] {
        let mut lock = SqliteConnection::connect(&format!("sqlite:{}", folder.join(file).display())).await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await?;
        locks.push(lock);
    }
    // Waiting would outlast any patience: it is asked for longer than a test may take.
    let patient = OpenOptions::new().busy_timeout(HOUR).write_timeout(HOUR);
    let state = StateRuntime::open(&StateOptions::new(&folder).open_options(patient)).await?;
    assert!(state.thread_goals().get(id(1)).await?.is_some(), "it is left for later");
    let left = state.delete_thread(id(2), now()).await?;
    let left: Vec<_> = left.iter().map(|left| (left.thread_id, left.participant.as_str())).collect();
    assert_eq!(left, [(id(1), "goals"), (id(1), "logs"), (id(2), "goals"), (id(2), "logs")]);
    state.close().await?;
    for lock in locks {
        lock.close().await?;
    }
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    assert!(state.thread_goals().get(id(1)).await?.is_none());
    assert_eq!(logged(&state, id(1)).await?, 0);
    Ok(())
}

#[tokio::test]
async fn forgotten_threads_are_not_deleted_for_good_where_a_store_is_locked() -> Result {
    let fixture = two_threads().await?;
    let folder = fixture.sqlite_home();
    let goals = format!("sqlite:{}", folder.join("goals_1.sqlite").display());
    let mut lock = SqliteConnection::connect(&goals).await?;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await?;
    let DeletedNow { threads, pending, .. } = fixture.state.forget_threads(&[id(1)], now()).await?;
    assert_eq!((threads, pending.len()), (vec![id(1)], 1), "its goal is left");
    fixture.index().await?;
    assert!(fixture.state.threads().get(id(1)).await?.is_none(), "nothing new is written next to it");
    lock.close().await?;

    let fixture = fixture.reopened().await?;
    assert!(fixture.state.thread_goals().get(id(1)).await?.is_none());
    assert!(fixture.state.finish_deletions().await?.is_empty());
    fixture.index().await?;
    assert!(fixture.state.threads().get(id(1)).await?.is_some(), "the user did not delete it");
    Ok(())
}

#[tokio::test]
async fn what_only_a_newer_program_can_clean_is_left_to_it() -> Result {
    let fixture = two_threads().await?;
    fixture
        .sql("INSERT INTO pending_deletions VALUES ('01a2036c-0000-7000-8000-000000000001', 'pictures', 0)")
        .await?;
    let folder = fixture.sqlite_home();
    fixture.state.clone().close().await?;
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    let left = state.finish_deletions().await?;
    assert_eq!(left.iter().map(|left| left.participant.as_str()).collect::<Vec<_>>(), ["pictures"]);
    assert!(left[0].reason.contains("without pictures"), "{}", left[0].reason);
    assert_eq!(state.delete_thread(id(1), now()).await?.len(), 1, "and everything else is done");
    Ok(())
}

#[tokio::test]
async fn a_read_only_runtime_leaves_what_is_to_be_cleaned() -> Result {
    let fixture = two_threads().await?;
    half_deleted(&fixture).await?;
    let folder = fixture.sqlite_home();
    fixture.state.clone().close().await?;
    let options = threadkeep_state::OpenOptions::new().read_only(true);
    let state = StateRuntime::open(&StateOptions::new(&folder).open_options(options)).await?;
    assert!(state.thread_goals().get(id(1)).await?.is_some());
    state.close().await?;
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    assert!(state.thread_goals().get(id(1)).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn what_a_reader_elsewhere_keeps_in_the_log_of_the_index_is_told() -> Result {
    let fixture = two_threads().await?;
    let folder = fixture.sqlite_home();
    let mut reader = fixture.raw().await?;
    sqlx::query("BEGIN").execute(&mut reader).await?;
    sqlx::query("SELECT count(*) FROM threads").fetch_one(&mut reader).await?;
    let left = fixture.state.delete_thread(id(1), now()).await?;
    assert_eq!(left.iter().map(|left| left.participant.as_str()).collect::<Vec<_>>(), ["state"]);
    assert!(left[0].reason.contains("still reads"), "{}", left[0].reason);
    reader.close().await?;
    assert_eq!(fixture.state.finish_deletions().await?, []);
    fixture.state.clone().close().await?;
    no_residue(&folder)
}

#[tokio::test]
async fn a_damaged_snapshot_keeps_no_thread_from_being_deleted() -> Result {
    let fixture = two_threads().await?;
    let snapshot = fixture.sqlite_home().join("goals_1.sqlite.before-v2");
    std::fs::write(&snapshot, [&b"SQLite format 3\0 and "[..], MARKER.as_bytes(), &[0; 1_000]].concat())?;
    for number in [1, 2] {
        assert_eq!(fixture.state.delete_thread(id(number), now()).await?, []);
        assert_eq!(fixture.state.thread_goals().get(id(number)).await?, None, "thread {number}");
        // It was moved aside, and is named.
        let damaged = fixture.state.damaged_databases();
        assert_eq!(damaged.len(), 1, "{damaged:?}");
        assert!(String::from_utf8_lossy(&std::fs::read(&damaged[0])?).contains(MARKER));
    }
    assert!(!snapshot.exists());
    Ok(())
}

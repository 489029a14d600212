//! Opening: what is ours, what is not, and what a read-only home still gives.

use std::future::poll_fn;
use std::task::Poll;

use threadkeep_sqlite::{DbError, ErrorClass, OpenOptions};
use threadkeep_state::{
    DATABASES, ListThreads, STATE_DB, StateError, StateOptions, StateRuntime, Stores, TreeQuery,
};
use threadkeep_state_logs::LogQuery;

use crate::common::{Fixture, Result, id, thread};

#[tokio::test]
async fn a_second_runtime_sees_what_the_first_wrote() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.state.threads().upsert(&[thread(1, 1)?]).await?;
    let second = StateRuntime::open(&StateOptions::new(fixture.sqlite_home())).await?;
    assert_eq!(second.threads().list(&ListThreads::default()).await?.threads.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_read_only_runtime_lists_and_refuses_to_write() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.state.threads().upsert(&[thread(1, 1)?]).await?;
    let options = StateOptions::new(fixture.sqlite_home()).open_options(OpenOptions::new().read_only(true));
    let state = StateRuntime::open(&options).await?;
    assert_eq!(state.threads().list(&ListThreads::default()).await?.threads.len(), 1);
    let error =
        state.threads().rename(id(1), Some("x"), jiff::Timestamp::now()).await.expect_err("it is read-only");
    assert!(matches!(error, StateError::Database(_)), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn goals_and_logs_are_used_without_the_index() -> Result {
    let fixture = Fixture::empty().await?;
    let options = StateOptions::new(fixture.sqlite_home());
    let reopened = || Stores::new(&options);
    fixture.state.clone().close().await?;
    let index = fixture.sqlite_home().join(STATE_DB.file_name);
    std::fs::write(&index, "not a database, and longer than the header of one, so that it cannot be empty")?;
    let before = std::fs::read(&index)?;
    assert!(reopened().thread_goals().get(id(1)).await?.is_none());
    assert_eq!(reopened().logs().query(&LogQuery::default()).await?.len(), 0);
    assert_eq!(std::fs::read(&index)?, before);
    assert!(matches!(reopened().open_index().await, Err(StateError::Open(_))));
    Ok(())
}

#[tokio::test]
async fn a_list_that_another_program_wrote_into_is_no_list() -> Result {
    let mut fixture = Fixture::empty().await?;
    fixture.state.threads().upsert(&[thread(1, 1)?]).await?;
    fixture.state.clone().close().await?;
    let options = StateOptions::new(fixture.sqlite_home()).open_options(OpenOptions::new().read_only(true));
    let state = StateRuntime::open(&options).await?;
    let (store, query) = (state.threads(), ListThreads::default());
    assert_eq!(store.list(&query).await?.threads.len(), 1);
    // Polled once, a list has its connection, and waits for the statement's answer, unless that was
    // as fast.
    let mut listing = loop {
        let mut listing = Box::pin(store.list(&query));
        let first = poll_fn(|context| Poll::Ready(listing.as_mut().poll(context))).await;
        if first.is_pending() {
            break listing;
        }
    };
    fixture.state = StateRuntime::open(&StateOptions::new(fixture.sqlite_home())).await?;
    fixture.state.threads().upsert(&[thread(2, 2)?]).await?;
    for error in
        [listing.as_mut().await, store.list(&query).await].map(|listed| listed.expect_err("two states"))
    {
        assert!(matches!(error, StateError::Database(DbError::Changed { .. })), "{error:?}");
    }
    Ok(())
}

#[tokio::test]
async fn reads_go_to_another_task() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.state.threads().upsert(&[thread(1, 1)?]).await?;
    let state = fixture.state.clone();
    let read = tokio::spawn(async move {
        state.graph().tree(TreeQuery::default()).await.map_err(|error| error.to_string())?;
        state.thread_goals().get(id(1)).await.map_err(|error| error.to_string())?;
        state.logs().query(&LogQuery::default()).await.map_err(|error| error.to_string())?;
        state.threads().list(&ListThreads::default()).await.map_err(|error| error.to_string())
    });
    assert_eq!(read.await??.threads.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_untouched() -> Result {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join(STATE_DB.file_name);
    std::fs::write(&file, b"these are another program's bytes, under our name, and they are not a database")?;
    let before = std::fs::read(&file)?;
    let error = StateRuntime::open(&StateOptions::new(folder.path())).await.expect_err("not ours");
    let StateError::Open(error) = error else { panic!("{error:?}") };
    assert_eq!(error.class(), ErrorClass::Foreign);
    assert_eq!(std::fs::read(&file)?, before);
    assert_eq!(std::fs::read_dir(folder.path())?.count(), 1, "and nothing was put beside it");
    Ok(())
}

#[tokio::test]
async fn the_schema_is_sound() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let mut conn = fixture.raw().await?;
    let sound: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut conn).await?;
    assert_eq!(sound, "ok");
    let loose = sqlx::query(
        "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 \
         AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'thread_search%' AND name <> '_sqlx_migrations'",
    );
    assert!(loose.fetch_all(&mut conn).await?.is_empty(), "every table of ours is STRICT");
    Ok(())
}

#[tokio::test]
async fn what_fails_soft_keeps_nothing_else_from_working() -> Result {
    let folder = tempfile::tempdir()?;
    let (_, soft) = DATABASES.split_first().ok_or("the index is a database")?;
    assert_eq!(soft.len(), 3);
    for database in soft {
        std::fs::write(folder.path().join(database.file_name), "another program's, and no database")?;
    }
    let state = StateRuntime::open(&StateOptions::new(folder.path())).await?;
    state.threads().upsert(&[thread(1, 1)?]).await?;
    assert_eq!(state.threads().list(&ListThreads::default()).await?.threads.len(), 1);
    assert!(state.thread_goals().get(id(1)).await.is_err());
    assert!(state.logs().query(&Default::default()).await.is_err());
    assert!(state.history().indexed().await.is_err());
    state.close().await?;
    for database in soft {
        let bytes = std::fs::read(folder.path().join(database.file_name))?;
        assert_eq!(bytes, b"another program's, and no database");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_is_made_before_it_is_needed() -> Result {
    let fixture = Fixture::empty().await?;
    assert!(fixture.state.thread_goals().get(id(1)).await?.is_none());
    assert!(fixture.state.logs().query(&Default::default()).await?.is_empty());
    assert_eq!(fixture.state.history().indexed().await?.files, 0);
    for database in DATABASES {
        let exists = fixture.sqlite_home().join(database.file_name).exists();
        assert_eq!(exists, **database == STATE_DB, "{}", database.label);
    }
    Ok(())
}

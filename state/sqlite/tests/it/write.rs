//! `Database::write`: what commits, what rolls back, and which error comes out.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use threadkeep_sqlite::{
    Database, DbError, Durability, ErrorClass, OpenError, OpenOptions, StoreError, WriteError, json,
};

use crate::support::{Result, V1, V2, cancelled_after, count_notes, open, write_note};

/// Error of a store, as every store has one.
#[derive(Debug, thiserror::Error)]
enum NoteError {
    #[error("a note cannot be empty")]
    Empty,
    #[error(transparent)]
    Database(#[from] DbError),
}

impl StoreError for NoteError {
    fn open_error(&self) -> Option<&OpenError> {
        None
    }

    fn db_error(&self) -> Option<&DbError> {
        if let Self::Database(error) = self { Some(error) } else { None }
    }
}

/// Adds a note, and only then refuses it if it is empty.
async fn add(conn: &mut SqliteConnection, text: &str) -> Result<i64, WriteError<NoteError>> {
    let added = sqlx::query("INSERT INTO notes (text) VALUES (?1)").bind(text).execute(conn).await?;
    if text.is_empty() {
        return Err(NoteError::Empty.into());
    }
    Ok(added.last_insert_rowid())
}

async fn write(database: &Database, text: &str) -> Result<i64, NoteError> {
    database.write(Durability::Usual, async |conn| add(conn, text).await).await
}

#[tokio::test]
async fn a_write_commits_and_returns_the_value() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    assert_eq!(write(&database, "one").await?, 1);
    let durable = database.write(Durability::Durable, async |conn| add(conn, "two").await).await?;
    assert_eq!(durable, 2);
    database.close().await?;
    assert_eq!(count_notes(&open(&V2, folder.path()).await?).await?, 2);
    Ok(())
}

#[tokio::test]
async fn a_store_error_rolls_the_write_back() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    let error = write(&database, "").await.expect_err("an empty note");
    assert!(matches!(error, NoteError::Empty), "{error}");
    assert_eq!((error.class(), count_notes(&database).await?), (None, 0));
    write(&database, "the writer goes on").await?;
    assert_eq!(count_notes(&database).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_failed_statement_rolls_the_write_back() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    let failed = database.write::<(), NoteError>(Durability::Usual, async |conn| {
        add(conn, "lost").await?;
        sqlx::query("INSERT INTO tags VALUES (9, 'x')").execute(conn).await?;
        Ok(())
    });
    let error = failed.await.expect_err("a foreign key");
    assert!(matches!(error.db_error(), Some(DbError::Statement { .. })), "{error}");
    assert_eq!((error.class(), count_notes(&database).await?), (Some(ErrorClass::Other), 0));
    Ok(())
}

#[tokio::test]
async fn a_commit_that_sqlite_refuses_is_the_error() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    let failed = database.write::<(), NoteError>(Durability::Usual, async |conn| {
        sqlx::query("PRAGMA defer_foreign_keys = ON").execute(&mut *conn).await?;
        sqlx::query("INSERT INTO tags VALUES (9, 'x')").execute(&mut *conn).await?;
        add(conn, "lost").await.map(drop)
    });
    let error = failed.await.expect_err("a deferred foreign key");
    assert!(matches!(error.db_error(), Some(DbError::Statement { .. })), "{error}");
    assert_eq!(count_notes(&database).await?, 0);
    write_note(&database, "the writer goes on").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_write_is_done_whole_or_not_at_all() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    let mut kept = 0;
    for round in 0..200 {
        let work = database.write::<_, NoteError>(Durability::Usual, async |conn| {
            add(conn, "half").await?;
            add(conn, "other half").await
        });
        cancelled_after(round % 40, work).await;
        write_note(&database, "sure").await?;
        kept += 1;
        let halves = count_notes(&database).await? - kept;
        assert_eq!(halves % 2, 0, "round {round}");
    }
    Ok(())
}

#[tokio::test]
async fn a_write_on_a_locked_database_is_busy_and_runs_nothing() -> Result {
    let folder = tempfile::tempdir()?;
    let first = open(&V2, folder.path()).await?;
    let options =
        OpenOptions::new().busy_timeout(Duration::from_millis(1)).write_timeout(Duration::from_millis(30));
    let second = Database::open(&V2, folder.path(), &options).await?;
    let held = first.begin(Durability::Usual).await?;
    let error = write(&second, "never").await.expect_err("the first has it");
    assert!(matches!(error.db_error(), Some(DbError::Busy { .. })), "{error}");
    held.rollback().await;
    assert_eq!((write(&second, "after").await?, count_notes(&first).await?), (1, 1));
    Ok(())
}

#[tokio::test]
async fn a_write_is_refused_read_only_closed_and_below_the_floor() -> Result {
    let folder = tempfile::tempdir()?;
    let old = open(&V1, folder.path()).await?;
    let reader = Database::open(&V1, folder.path(), &OpenOptions::new().read_only(true)).await?;
    let error = write(&reader, "no").await.expect_err("read-only");
    assert!(matches!(error.db_error(), Some(DbError::ReadOnly { .. })), "{error}");
    let newer = open(&V2, folder.path()).await?;
    newer
        .write::<_, DbError>(Durability::Usual, async |conn| {
            Ok(sqlx::query("PRAGMA user_version = 2").execute(conn).await?)
        })
        .await?;
    let error = write(&old, "no").await.expect_err("below the floor");
    assert!(matches!(error.db_error(), Some(DbError::Newer { needs: 2, knows: 1, .. })), "{error}");
    old.clone().close().await?;
    let error = write(&old, "no").await.expect_err("closed");
    assert!(matches!(error.db_error(), Some(DbError::Closed { .. })), "{error}");
    assert_eq!(count_notes(&newer).await?, 0);
    Ok(())
}

#[tokio::test]
async fn json_is_bound_as_text_and_fails_its_statement() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V1, folder.path()).await?;
    let texts = json(&["a \"quoted\" one", "two"]);
    let all: String = database
        .read(async |conn| {
            let sql = "SELECT group_concat(value, ',') FROM json_each(?1)";
            sqlx::query_scalar(sql).bind(&texts).fetch_one(conn).await
        })
        .await?;
    assert_eq!(all, "a \"quoted\" one,two");
    let no_key = json(&HashMap::from([((1, 2), 3)]));
    let failed = database.read(async |conn| sqlx::query("SELECT ?1").bind(no_key).fetch_one(conn).await);
    let error = failed.await.expect_err("a pair is no key");
    assert!(matches!(error, DbError::Statement { .. }), "{error}");
    Ok(())
}

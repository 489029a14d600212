//! Write transactions: one at a time, rolled back when dropped, and never surprised by others.

use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection, Executor as _};
use threadkeep_sqlite::{Database, DbError, Durability, ErrorClass, JournalMode, OpenOptions};

use crate::support::{Error, Result, V2, cancelled_after, count_notes, open, write_note};

#[tokio::test]
async fn a_dropped_transaction_rolls_back_and_the_writer_goes_on() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    for _ in 0..20 {
        let mut tx = database.begin(Durability::Usual).await?;
        tx.conn().execute("INSERT INTO notes (text) VALUES ('never')").await?;
        drop(tx);
        write_note(&database, "kept").await?;
    }
    assert_eq!(count_notes(&database).await?, 20);
    Ok(())
}

#[tokio::test]
async fn a_savepoint_within_a_transaction() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    let mut tx = database.begin(Durability::Usual).await?;
    tx.conn().execute("INSERT INTO notes (text) VALUES ('outer')").await?;
    let mut inner = Connection::begin(tx.conn()).await?;
    inner.execute("INSERT INTO notes (text) VALUES ('inner')").await?;
    inner.rollback().await?;
    tx.commit().await?;
    assert_eq!(count_notes(&database).await?, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_begin_or_commit_leaves_the_writer_usable() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    let mut expected = 0;
    for round in 0..300 {
        let work = async {
            let mut tx = database.begin(Durability::Usual).await?;
            tx.conn().execute("INSERT INTO notes (text) VALUES ('maybe')").await?;
            tx.commit().await?;
            Ok::<_, Error>(())
        };
        cancelled_after(round % 40, work).await;
        write_note(&database, "sure").await?;
        expected += 1;
    }
    let sure = sqlx::query_scalar("SELECT count(*) FROM notes WHERE text = 'sure'");
    let sure: i64 = database.read(async |conn| sure.fetch_one(conn).await).await?;
    assert_eq!(sure, expected);
    Ok(())
}

#[tokio::test]
async fn a_full_database_is_named_and_goes_on_when_there_is_room() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    let mut tx = database.begin(Durability::Usual).await?;
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(tx.conn()).await?;
    tx.conn().execute(AssertSqlSafe(format!("PRAGMA max_page_count = {}", pages + 1))).await?;
    let long = "x".repeat(100_000);
    let full = sqlx::query("INSERT INTO notes (text) VALUES (?1)").bind(long).execute(tx.conn()).await;
    let error = tx.error(full.expect_err("no pages are left"));
    assert!(matches!(error, DbError::Full { .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::Full);
    // SQLite has rolled back by itself; dropping the transaction must cope with that.
    drop(tx);
    write_note(&database, "small").await?;
    assert_eq!(count_notes(&database).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_locked_database_is_waited_for_and_then_names_its_holder() -> Result {
    let folder = tempfile::tempdir()?;
    let first = open(&V2, folder.path()).await?;
    let patience = Duration::from_millis(30);
    let options = OpenOptions::new().busy_timeout(Duration::from_millis(1)).write_timeout(patience);
    let second = Database::open(&V2, folder.path(), &options).await?;
    let tx = first.begin(Durability::Usual).await?;
    let error = second.begin(Durability::Usual).await.expect_err("the first has it");
    let DbError::Busy { holder, .. } = &error else { panic!("{error}") };
    if cfg!(target_os = "linux") {
        assert_eq!(holder, &format!("this process ({})", std::process::id()), "{error}");
    }
    assert_eq!(error.class(), ErrorClass::Busy);
    // The same for tasks of one process that wait for its one writer.
    let third = second.clone();
    drop(tx);
    let tx = second.begin(Durability::Usual).await?;
    let error = third.begin(Durability::Usual).await.expect_err("the writer is in use");
    assert!(matches!(error, DbError::Busy { .. }), "{error}");
    tx.commit().await?;
    write_note(&third, "after").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_begin_outlasts_many_busy_timeouts() -> Result {
    let folder = tempfile::tempdir()?;
    let first = open(&V2, folder.path()).await?;
    let second = Database::open(&V2, folder.path(), &OpenOptions::new().busy_timeout(Duration::ZERO)).await?;
    let mut tx = first.begin(Durability::Usual).await?;
    let waiting = tokio::spawn(async move { write_note(&second, "second").await });
    for _ in 0..500 {
        tx.conn().execute("INSERT INTO notes (text) VALUES ('first')").await?;
    }
    tx.commit().await?;
    waiting.await??;
    assert_eq!(count_notes(&first).await?, 501);
    Ok(())
}

#[tokio::test]
async fn a_reader_cannot_write_and_a_closed_database_says_so() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    let read = database.read(async |conn| {
        let refused = conn.execute("INSERT INTO notes (text) VALUES ('no')").await;
        // While the reader is in use.
        database.clone().close().await.map_err(|error| sqlx::Error::Encode(error.into()))?;
        refused
    });
    assert_eq!(read.await.expect_err("a reader").class(), ErrorClass::Io);
    assert!(matches!(database.begin(Durability::Usual).await, Err(DbError::Closed { .. })));
    assert!(matches!(database.read(async |_| Ok(())).await, Err(DbError::Closed { .. })));
    Ok(())
}

#[tokio::test]
async fn a_failed_statement_is_told_from_trouble() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    let mut tx = database.begin(Durability::Usual).await?;
    let refused = tx.conn().execute("INSERT INTO tags VALUES (9, 'x')").await.expect_err("foreign key");
    let error = tx.error(refused);
    assert!(matches!(error, DbError::Statement { .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::Other);
    Ok(())
}

#[tokio::test]
async fn a_commit_waits_for_the_readers_of_a_rollback_journal() -> Result {
    let folder = tempfile::tempdir()?;
    let options = OpenOptions::new().journal(JournalMode::Delete).busy_timeout(Duration::from_millis(1));
    let database = Database::open(&V2, folder.path(), &options).await?;
    write_note(&database, "one").await?;
    let mut tx = database.begin(Durability::Usual).await?;
    tx.conn().execute("INSERT INTO notes (text) VALUES ('two')").await?;
    let read = database.read(async |conn| {
        let mut read = Connection::begin(conn).await?;
        let before: i64 = sqlx::query_scalar("SELECT count(*) FROM notes").fetch_one(&mut *read).await?;
        let commit = tokio::spawn(tx.commit());
        // The reader is in the way until here; the commit has been trying all along.
        let same: i64 = sqlx::query_scalar("SELECT count(*) FROM notes").fetch_one(&mut *read).await?;
        assert_eq!((before, same), (1, 1));
        read.rollback().await?;
        Ok(commit)
    });
    read.await?.await??;
    assert_eq!(count_notes(&database).await?, 2);
    Ok(())
}

#[tokio::test]
async fn a_checkpoint_does_not_wait_for_a_reader_that_stays() -> Result {
    let folder = tempfile::tempdir()?;
    // So long that a caller that waited for it would not come back.
    let options = OpenOptions::new().busy_timeout(Duration::from_secs(3_600));
    let database = Database::open(&V2, folder.path(), &options).await?;
    write_note(&database, "one").await?;
    let mut elsewhere = SqliteConnectOptions::new().filename(database.path()).connect().await?;
    elsewhere.execute("BEGIN; SELECT count(*) FROM notes").await?;
    write_note(&database, "two").await?;
    assert!(!database.checkpoint().await?);
    assert_ne!(std::fs::metadata(&database.paths().wal)?.len(), 0);
    elsewhere.execute("COMMIT; BEGIN IMMEDIATE").await?;
    assert!(!database.checkpoint().await?, "nor for a writer");
    elsewhere.execute("COMMIT").await?;
    assert!(database.checkpoint().await?);
    assert_eq!(std::fs::metadata(&database.paths().wal)?.len(), 0);
    assert_eq!(count_notes(&database).await?, 2);
    Ok(())
}

#[tokio::test]
async fn tidying_up() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    for _ in 0..20 {
        write_note(&database, &"x".repeat(10_000)).await?;
    }
    assert!(database.checkpoint().await?);
    assert_eq!(std::fs::metadata(&database.paths().wal)?.len(), 0);
    let mut tx = database.begin(Durability::Usual).await?;
    tx.conn().execute("DELETE FROM notes").await?;
    tx.commit().await?;
    // Only a database that was created with `auto_vacuum` returns pages.
    for (pages, is_empty) in [("5", false), ("1000000", true)] {
        let mut tx = database.begin(Durability::Usual).await?;
        tx.conn().execute(AssertSqlSafe(format!("PRAGMA incremental_vacuum({pages})"))).await?;
        let unused: i64 = sqlx::query_scalar("PRAGMA freelist_count").fetch_one(tx.conn()).await?;
        tx.commit().await?;
        assert_eq!(unused == 0, is_empty, "after {pages}");
    }
    Ok(())
}

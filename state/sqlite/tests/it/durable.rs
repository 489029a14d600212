//! Writes that are on the disk when their commit returns, also where the rest can be rebuilt.

use std::time::Duration;

use sqlx::Executor as _;
use threadkeep_sqlite::{Database, DbError, DbSpec, Durability, JournalMode, OpenOptions, WriteTx};

use crate::support::{DURABLE, Error, Result, V2, cancelled_after, count_notes, open, write_note};

const NORMAL: i64 = 1;
const FULL: i64 = 2;
const EXTRA: i64 = 3;

/// Reads what a commit of this transaction will wait for.
async fn level(tx: &mut WriteTx) -> Result<i64> {
    Ok(sqlx::query_scalar("PRAGMA synchronous").persistent(false).fetch_one(tx.conn()).await?)
}

/// Reads the same of a transaction that begins now, as usual.
async fn usual(database: &Database) -> Result<i64> {
    let mut tx = database.begin(Durability::Usual).await?;
    let level = level(&mut tx).await?;
    tx.commit().await?;
    Ok(level)
}

#[tokio::test]
async fn a_durable_write_waits_for_the_disk_and_the_next_one_does_not() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    assert_eq!(usual(&database).await?, NORMAL);
    for round in 1..=3 {
        let mut tx = database.begin(Durability::Durable).await?;
        assert_eq!(level(&mut tx).await?, FULL);
        tx.conn().execute("INSERT INTO notes (text) VALUES ('a name')").await?;
        tx.commit().await?;
        assert_eq!(usual(&database).await?, NORMAL);

        let mut tx = database.begin(Durability::Durable).await?;
        tx.conn().execute("INSERT INTO notes (text) VALUES ('never')").await?;
        drop(tx);
        assert_eq!(usual(&database).await?, NORMAL, "after a drop");

        let mut tx = database.begin(Durability::Durable).await?;
        assert_eq!(level(&mut tx).await?, FULL);
        tx.rollback().await;
        assert_eq!(usual(&database).await?, NORMAL, "after a rollback");

        let mut tx = database.begin(Durability::Durable).await?;
        tx.conn().execute("INSERT INTO tags VALUES (9, 'x')").await.expect_err("foreign key");
        drop(tx);
        assert_eq!(usual(&database).await?, NORMAL, "after an error");
        assert_eq!(count_notes(&database).await?, round);
    }
    Ok(())
}

#[tokio::test]
async fn a_durable_write_that_could_not_begin_leaves_nothing_behind() -> Result {
    let folder = tempfile::tempdir()?;
    let other = open(&V2, folder.path()).await?;
    let options =
        OpenOptions::new().busy_timeout(Duration::from_millis(1)).write_timeout(Duration::from_millis(10));
    let database = Database::open(&V2, folder.path(), &options).await?;
    let tx = other.begin(Durability::Usual).await?;
    let error = database.begin(Durability::Durable).await.expect_err("the other has it");
    assert!(matches!(error, DbError::Busy { .. }), "{error}");
    drop(tx);
    assert_eq!(usual(&other).await?, NORMAL);
    assert_eq!(usual(&database).await?, NORMAL);
    let mut tx = database.begin(Durability::Durable).await?;
    assert_eq!(level(&mut tx).await?, FULL);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_change_of_level_is_made_again() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    for round in 0..200 {
        let work = async {
            let tx = if round % 2 == 0 {
                database.begin(Durability::Durable).await?
            } else {
                database.begin(Durability::Usual).await?
            };
            tx.commit().await?;
            Ok::<_, Error>(())
        };
        cancelled_after(round / 2 % 20, work).await;
        if round % 3 == 0 {
            assert_eq!(usual(&database).await?, NORMAL, "{round}");
        } else {
            let mut tx = database.begin(Durability::Durable).await?;
            assert_eq!(level(&mut tx).await?, FULL, "{round}");
        }
    }
    write_note(&database, "the writer is whole").await
}

/// Opens with a journal, and reads the levels of a usual and of a durable write.
async fn levels(spec: &'static DbSpec, journal: JournalMode) -> Result<(i64, i64)> {
    let folder = tempfile::tempdir()?;
    let database = Database::open(spec, folder.path(), &OpenOptions::new().journal(journal)).await?;
    let usual = usual(&database).await?;
    let mut tx = database.begin(Durability::Durable).await?;
    Ok((usual, level(&mut tx).await?))
}

#[tokio::test]
async fn a_rollback_journal_is_gone_from_its_folder_too() -> Result {
    assert_eq!(levels(&V2, JournalMode::Wal).await?, (NORMAL, FULL));
    assert_eq!(levels(&V2, JournalMode::Delete).await?, (NORMAL, EXTRA));
    assert_eq!(levels(&DURABLE, JournalMode::Wal).await?, (FULL, FULL));
    assert_eq!(levels(&DURABLE, JournalMode::Delete).await?, (EXTRA, EXTRA));
    Ok(())
}

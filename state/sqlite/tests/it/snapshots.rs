//! Snapshots on request.

use std::fs;

use threadkeep_sqlite::{DbError, Depth, Durability};

use crate::support::{FILE, ID, Result, V2, bytes, count_notes, open, write_note};

#[tokio::test]
async fn a_snapshot_is_whole_while_a_write_is_under_way() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    write_note(&database, "committed").await?;
    let mut tx = database.begin(Durability::Usual).await?;
    sqlx::query("INSERT INTO notes (text) VALUES ('not yet')").execute(tx.conn()).await?;
    let target = tempfile::tempdir()?;
    let to = target.path().join(FILE);
    database.snapshot(&to).await?;
    tx.commit().await?;
    let names: Vec<String> = bytes(target.path())?.into_keys().collect();
    assert_eq!(names, [FILE], "no partial file is left");

    let status = threadkeep_sqlite::inspect(&V2, target.path()).await;
    assert_eq!(status.application_id, Some(ID), "VACUUM INTO copies the application id");
    let copy = open(&V2, target.path()).await?;
    assert_eq!(count_notes(&copy).await?, 1);
    assert_eq!(copy.check(Depth::Full).await?, Vec::<String>::new());
    let mut tx = copy.begin(Durability::Usual).await?;
    let auto_vacuum: i64 = sqlx::query_scalar("PRAGMA auto_vacuum").fetch_one(tx.conn()).await?;
    assert_eq!(auto_vacuum, 2);
    Ok(())
}

#[tokio::test]
async fn a_snapshot_replaces_nothing() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    let to = folder.path().join("mine");
    fs::write(&to, "mine")?;
    assert!(matches!(database.snapshot(&to).await, Err(DbError::Exists { .. })));
    assert_eq!(fs::read_to_string(&to)?, "mine");
    let error = database.snapshot(&folder.path().join("no/such/folder")).await.expect_err("no folder");
    assert!(matches!(error, DbError::Io { .. }), "{error}");
    Ok(())
}

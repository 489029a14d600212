//! Others write while a database is looked at: each write is made by hand, between the first look
//! and the read.

use std::error::Error;
use std::fs;

use sqlx::Executor as _;

use super::{LOOKS, look_and_read};
use crate::{Database, DbKind, DbSpec, DbState, Durability, MigrationFile, OpenOptions, migrations};

static MIGRATIONS: [MigrationFile; 1] =
    migrations!["0001_notes" => "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"];
static SPEC: DbSpec = DbSpec::new("notes", "notes_1.sqlite", DbKind::Rebuildable, 0x6e6f_7465, &MIGRATIONS);

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

async fn closed(folder: &tempfile::TempDir) -> Result<std::path::PathBuf> {
    let database = Database::open(&SPEC, folder.path(), &OpenOptions::new()).await?;
    let path = database.path().to_path_buf();
    database.close().await?;
    Ok(path)
}

/// Another program opens the database, writes and closes it.
async fn write(folder: &tempfile::TempDir) -> Result {
    let database = Database::open(&SPEC, folder.path(), &OpenOptions::new()).await?;
    let mut tx = database.begin(Durability::Usual).await?;
    tx.conn().execute("INSERT INTO notes (text) VALUES (hex(randomblob(10000)))").await?;
    tx.commit().await?;
    database.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_write_in_between_is_looked_at_again() -> Result {
    let folder = tempfile::tempdir()?;
    let path = closed(&folder).await?;
    let mut looks = 0;
    let status = look_and_read(&SPEC, folder.path(), async |look| {
        looks = look;
        if look == 1 {
            write(&folder).await.expect("the other program writes");
        }
    })
    .await;
    assert_eq!((looks, status.state), (2, DbState::Current));
    assert_eq!(status.size, Some(fs::metadata(path)?.len()), "all of it is of the second look");
    Ok(())
}

#[tokio::test]
async fn a_database_that_changes_at_every_look_is_not_called_damaged() -> Result {
    let folder = tempfile::tempdir()?;
    let path = closed(&folder).await?;
    let whole = fs::read(&path)?;
    let mut looks = 0;
    let status = look_and_read(&SPEC, folder.path(), async |look| {
        looks = look;
        // What a read without locks can see while pages are being written back: some of them are
        // not there yet.
        let length = whole.len() - look as usize;
        let torn = [&whole[..1024], &vec![0xff; length - 1024]].concat();
        fs::write(&path, torn).expect("the file is written to");
    })
    .await;
    assert_eq!((looks, status.state.as_str()), (LOOKS, "changing"), "{:?}", status.state);
    assert_eq!((status.schema, status.pages), (None, None), "nothing that was read can be relied on");
    Ok(())
}

#[tokio::test]
async fn a_damaged_file_that_nobody_changes_is_damaged_at_the_first_look() -> Result {
    let folder = tempfile::tempdir()?;
    let path = closed(&folder).await?;
    let whole = fs::read(&path)?;
    fs::write(&path, [&whole[..1024], &vec![0xff; whole.len() - 1024]].concat())?;
    let mut looks = 0;
    let status = look_and_read(&SPEC, folder.path(), async |look| looks = look).await;
    assert_eq!((looks, status.state.as_str()), (1, "corrupt"), "{:?}", status.state);
    Ok(())
}

#[tokio::test]
async fn a_log_that_is_taken_away_in_between_is_looked_for_again() -> Result {
    let folder = tempfile::tempdir()?;
    closed(&folder).await?;
    let database = Database::open(&SPEC, folder.path(), &OpenOptions::new()).await?;
    let mut tx = database.begin(Durability::Usual).await?;
    tx.conn().execute("INSERT INTO notes (text) VALUES ('in the log')").await?;
    tx.commit().await?;
    let (mut open, mut looks) = (Some(database), 0);
    let status = look_and_read(&SPEC, folder.path(), async |look| {
        looks = look;
        if let Some(database) = open.take() {
            database.close().await.expect("the other program ends");
        }
    })
    .await;
    assert_eq!((looks, status.state), (2, DbState::Current));
    Ok(())
}

//! Deleted content is gone from the files, not only from the tables.

use std::path::Path;

use sqlx::Executor as _;
use threadkeep_sqlite::{Database, Durability, JournalMode, OpenOptions};

use crate::support::{Result, V2, write_note};

const MARKER: &str = "correct-horse-battery-staple";

/// Counts the places of a folder's files in which the marker is.
fn places(folder: &Path) -> Result<usize> {
    let mut places = 0;
    for entry in std::fs::read_dir(folder)? {
        let content = std::fs::read(entry?.path())?;
        places += content.windows(MARKER.len()).filter(|bytes| *bytes == MARKER.as_bytes()).count();
    }
    Ok(places)
}

#[tokio::test]
async fn deleted_text_is_in_no_byte_of_any_file() -> Result {
    for journal in [JournalMode::Wal, JournalMode::Delete] {
        let folder = tempfile::tempdir()?;
        let database = Database::open(&V2, folder.path(), &OpenOptions::new().journal(journal)).await?;
        // A row within its page, and a row with pages of its own, which become free pages.
        write_note(&database, MARKER).await?;
        write_note(&database, &MARKER.repeat(1_000)).await?;
        write_note(&database, "stays").await?;
        assert!(places(folder.path())? > 900);
        let mut tx = database.begin(Durability::Usual).await?;
        tx.conn().execute("DELETE FROM notes WHERE text != 'stays'").await?;
        tx.commit().await?;
        assert!(database.checkpoint().await?);
        assert_eq!(places(folder.path())?, 0, "{journal:?}, checkpointed");
        database.close().await?;
        assert_eq!(places(folder.path())?, 0, "{journal:?}, closed");
    }
    Ok(())
}

#[tokio::test]
async fn replaced_text_is_in_no_byte_of_any_file() -> Result {
    let folder = tempfile::tempdir()?;
    let database = Database::open(&V2, folder.path(), &OpenOptions::new()).await?;
    write_note(&database, &MARKER.repeat(1_000)).await?;
    let mut tx = database.begin(Durability::Durable).await?;
    tx.conn().execute("UPDATE notes SET text = 'redacted'").await?;
    tx.commit().await?;
    database.close().await?;
    assert_eq!(places(folder.path())?, 0);
    Ok(())
}

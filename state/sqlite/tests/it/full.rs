//! Where no file can grow, the error is exact, nothing is lost, and existing data can be read.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use threadkeep_sqlite::{Database, DbError, OpenError, OpenOptions};

use crate::support::{FILE, Result, V2, child, child_of, count_notes, open, succeeded, write_note};

/// Runs the child's part of a test where files can be made, and no file can become larger than a
/// kilobyte: what SQLite meets on a full disk, without a disk to fill.
fn run(test: &str, folder: &Path) -> Result {
    let template = child(test, folder)?;
    let mut command = Command::new("sh");
    // The signal would end the child; ignored, it lets the write fail.
    command.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""]);
    command.arg(template.get_program()).args(template.get_args());
    command.envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    succeeded(command.spawn()?)
}

#[tokio::test]
async fn what_is_there_is_read() -> Result {
    const NAME: &str = "full::what_is_there_is_read";
    if let Some(folder) = child_of(NAME) {
        let error = Database::open(&V2, &folder, &OpenOptions::new()).await.expect_err("no log's index");
        assert!(matches!(error, OpenError::Database(DbError::Full { .. })), "{error}");
        assert!(error.is_unwritable());
        let database = Database::open(&V2, &folder, &OpenOptions::new().read_only(true)).await?;
        assert_eq!(count_notes(&database).await?, 1);
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    write_note(&database, "one").await?;
    database.close().await?;
    let before = fs::read(folder.path().join(FILE))?;
    run(NAME, folder.path())?;
    assert_eq!(fs::read(folder.path().join(FILE))?, before);
    let database = open(&V2, folder.path()).await?;
    write_note(&database, "two").await?;
    assert_eq!(count_notes(&database).await?, 2);
    Ok(())
}

#[tokio::test]
async fn a_creation_that_fails_says_why_and_is_repeated() -> Result {
    const NAME: &str = "full::a_creation_that_fails_says_why_and_is_repeated";
    if let Some(folder) = child_of(NAME) {
        let error = Database::open(&V2, &folder, &OpenOptions::new()).await.expect_err("no first page");
        assert!(matches!(error, OpenError::Database(DbError::Io { .. })), "{error}");
        assert!(error.to_string().contains("disk I/O error"), "what SQLite said first: {error}");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    run(NAME, folder.path())?;
    let database = open(&V2, folder.path()).await?;
    write_note(&database, "one").await?;
    assert_eq!(count_notes(&database).await?, 1);
    Ok(())
}

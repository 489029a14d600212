//! A process that has a database open looks at its file again, and keeps SQLite's locks on it.
//!
//! On Unix, closing any handle of a file drops all locks that the process has on it, also those
//! that other handles took.

use std::fs;
use std::time::Duration;

use threadkeep_sqlite::{Database, Durability, JournalMode, OpenOptions, inspect};

use crate::support::{Result, V2, child, child_of, succeeded};

#[tokio::test]
async fn looking_leaves_a_running_write_alone() -> Result {
    const NAME: &str = "same_process::looking_leaves_a_running_write_alone";
    let delete = OpenOptions::new().journal(JournalMode::Delete);
    if let Some(folder) = child_of(NAME) {
        let options = delete.busy_timeout(Duration::ZERO).write_timeout(Duration::ZERO);
        let database = Database::open(&V2, &folder, &options).await?;
        let refused = database.begin(Durability::Usual).await.is_err();
        fs::write(folder.join(if refused { "refused" } else { "begun" }), "")?;
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let database = Database::open(&V2, folder.path(), &delete).await?;
    let tx = database.begin(Durability::Usual).await?;
    inspect(&V2, folder.path()).await;
    Database::open(&V2, folder.path(), &delete).await?.close().await?;
    succeeded(child(NAME, folder.path())?.spawn()?)?;
    assert!(folder.path().join("refused").exists(), "two programs wrote at once");
    tx.commit().await?;
    Ok(())
}

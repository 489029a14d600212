//! Snapshots from before upgrades, opened to delete from them what is deleted.

use std::fs;

use sqlx::Executor as _;
use threadkeep_sqlite::{LazyDatabase, OpenError, OpenOptions};

use crate::support::{FILE, Result, V1, V2, V3, bytes, open, write_note};

const MARKER: &str = "correct-horse-battery-staple";

#[tokio::test]
async fn what_is_deleted_in_a_snapshot_is_gone_from_it_and_nothing_else_is() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V1, folder.path()).await?;
    write_note(&database, MARKER).await?;
    write_note(&database, "stays").await?;
    database.close().await?;
    open(&V2, folder.path()).await?.close().await?;
    open(&V3, folder.path()).await?.close().await?;
    // None of our business, whatever they are called.
    fs::write(
        folder.path().join(format!("{FILE}.before-v1")),
        "somebody's own text, long enough to be looked at",
    )?;
    fs::write(folder.path().join(format!("{FILE}.before-v9")), "")?;

    let notes = LazyDatabase::new(&V3, folder.path(), &OpenOptions::new());
    let snapshots = notes.snapshots().await?;
    let names: Vec<_> = snapshots.iter().filter_map(|snapshot| snapshot.path().extension()).collect();
    assert_eq!(names, ["before-v3", "before-v2"]);
    for snapshot in snapshots {
        let mut tx = snapshot.begin_durable().await?;
        tx.execute("DELETE FROM notes WHERE text <> 'stays'").await?;
        tx.commit().await?;
        let path = snapshot.path().to_owned();
        snapshot.close().await?;
        let content = fs::read(&path)?;
        assert!(!content.windows(MARKER.len()).any(|bytes| bytes == MARKER.as_bytes()));
    }
    assert_eq!(bytes(folder.path())?.len(), 6, "nothing is left beside them");
    // They are still what they were: the program of then opens them.
    for (version, spec) in [(2, &V1), (3, &V2)] {
        let restored = tempfile::tempdir()?;
        fs::copy(folder.path().join(format!("{FILE}.before-v{version}")), restored.path().join(FILE))?;
        assert_eq!(crate::support::count_notes(&open(spec, restored.path()).await?).await?, 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_damaged_snapshot_is_named() -> Result {
    let folder = tempfile::tempdir()?;
    open(&V1, folder.path()).await?.close().await?;
    open(&V2, folder.path()).await?.close().await?;
    let path = folder.path().join(format!("{FILE}.before-v2"));
    fs::write(&path, &fs::read(&path)?[..50])?;
    let failed = LazyDatabase::new(&V2, folder.path(), &OpenOptions::new()).snapshots().await;
    let failed = failed.expect_err("half a header");
    assert!(matches!(&failed, OpenError::Corrupt { path: named, .. } if *named == path), "{failed}");
    Ok(())
}

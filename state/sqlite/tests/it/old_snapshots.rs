//! Snapshots from before upgrades, opened to delete from them what is deleted.

use std::fs;

use sqlx::{Executor as _, SqliteConnection};
use threadkeep_sqlite::{DbPaths, LazyDatabase, OpenOptions};

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
    notes.edit_snapshots(|conn| Box::pin(delete_all_but_one(conn))).await?;
    for version in [2, 3] {
        let content = fs::read(folder.path().join(format!("{FILE}.before-v{version}")))?;
        assert!(!content.windows(MARKER.len()).any(|bytes| bytes == MARKER.as_bytes()), "{version}");
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

/// Damages of a snapshot.
const DAMAGES: [fn(&mut Vec<u8>); 5] = [
    |bytes| bytes[..16].fill(0),
    |bytes| bytes[20] ^= 0xff,
    |bytes| bytes.truncate(bytes.len() - 4_096),
    |bytes| bytes.truncate(bytes.len() / 2),
    |bytes| bytes[..4_096].fill(0xa5),
];

#[tokio::test]
async fn a_damaged_snapshot_is_moved_aside_and_keeps_no_other_from_being_edited() -> Result {
    for (number, damage) in DAMAGES.into_iter().enumerate() {
        let folder = tempfile::tempdir()?;
        let database = open(&V1, folder.path()).await?;
        write_note(&database, MARKER).await?;
        database.close().await?;
        open(&V2, folder.path()).await?.close().await?;
        open(&V3, folder.path()).await?.close().await?;
        // They are edited from the newest on.
        let newest = folder.path().join(format!("{FILE}.before-v3"));
        let mut content = fs::read(&newest)?;
        damage(&mut content);
        fs::write(&newest, &content)?;
        let notes = LazyDatabase::new(&V3, folder.path(), &OpenOptions::new());
        notes.edit_snapshots(|conn| Box::pin(delete_all_but_one(conn))).await?;
        let edited = fs::read(folder.path().join(format!("{FILE}.before-v2")))?;
        assert!(!edited.windows(MARKER.len()).any(|bytes| bytes == MARKER.as_bytes()), "damage {number}");
        let moved = DbPaths::new(&V3, folder.path()).damaged()?;
        assert_eq!(moved.len(), 1, "damage {number}");
        assert_eq!(fs::read(&moved[0])?, content, "damage {number}");
        let left = bytes(folder.path())?;
        assert!(left.keys().all(|name| !name.contains("before-v3")), "damage {number}: {:?}", left.keys());
    }
    Ok(())
}

async fn delete_all_but_one(conn: &mut SqliteConnection) -> std::result::Result<(), sqlx::Error> {
    conn.execute("DELETE FROM notes WHERE text <> 'stays'").await.map(drop)
}

//! The journal mode: chosen by file system, and changed when a database is found in the other.

use threadkeep_sqlite::file_system::{FileSystem, classify};
use threadkeep_sqlite::{Database, Durability, JournalMode, OpenOptions};

use crate::support::{Result, V1, V2, bytes, count_notes, journal_mode, open, write_note};

#[test]
fn wal_is_for_file_systems_of_this_machine() {
    let table = [
        (0xEF53, "local", JournalMode::Wal),      // ext4
        (0x0102_1994, "local", JournalMode::Wal), // tmpfs
        (0x9123_683E, "local", JournalMode::Wal), // btrfs
        (0x5846_5342, "local", JournalMode::Wal), // xfs
        (0x794C_7630, "local", JournalMode::Wal), // overlayfs
        (0x2FC1_2FC1, "local", JournalMode::Wal), // zfs
        (0x6969, "nfs", JournalMode::Delete),
        (0x517B, "smb", JournalMode::Delete),
        (0xFF53_4D42, "cifs", JournalMode::Delete),
        (0xFE53_4D42, "smb2", JournalMode::Delete),
        (0x0102_1997, "9p", JournalMode::Delete),
        (0x6573_5546, "fuse", JournalMode::Delete),
        (0x786F_4256, "vboxsf", JournalMode::Delete),
        (0x5346_5342, "wslfs", JournalMode::Delete),
    ];
    for (magic, name, journal) in table {
        let file_system = classify(magic);
        assert_eq!(
            (file_system.as_str(), JournalMode::for_file_system(file_system)),
            (name, journal),
            "{magic:#x}"
        );
    }
    assert_eq!(JournalMode::for_file_system(FileSystem::Unknown), JournalMode::Wal);
}

#[tokio::test]
async fn a_database_is_switched_there_and_back_with_its_data() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V1, folder.path()).await?;
    write_note(&database, "in the log").await?;
    database.close().await?;
    let delete = OpenOptions::new().journal(JournalMode::Delete);
    let database = Database::open(&V2, folder.path(), &delete).await?;
    assert_eq!(journal_mode(&database).await?, "delete");
    write_note(&database, "in the file").await?;
    assert!(bytes(folder.path())?.keys().all(|name| !name.ends_with("-wal") && !name.ends_with("-shm")));
    database.close().await?;
    let wal = OpenOptions::new().journal(JournalMode::Wal);
    let database = Database::open(&V2, folder.path(), &wal).await?;
    assert_eq!(journal_mode(&database).await?, "wal");
    assert_eq!(count_notes(&database).await?, 2);
    Ok(())
}

#[tokio::test]
async fn a_rollback_journal_that_others_use_stays_one() -> Result {
    let folder = tempfile::tempdir()?;
    let delete = OpenOptions::new().journal(JournalMode::Delete);
    let other = Database::open(&V1, folder.path(), &delete).await?;
    let tx = other.begin(Durability::Usual).await?;
    let options = OpenOptions::new().busy_timeout(std::time::Duration::from_millis(1));
    let database = Database::open(&V1, folder.path(), &options).await?;
    assert_eq!(journal_mode(&database).await?, "delete", "safe as it is");
    drop(tx);
    Ok(())
}

#[tokio::test]
async fn a_log_that_others_use_cannot_be_left() -> Result {
    let folder = tempfile::tempdir()?;
    let other = open(&V1, folder.path()).await?;
    write_note(&other, "one").await?;
    let options =
        OpenOptions::new().journal(JournalMode::Delete).write_timeout(std::time::Duration::from_millis(20));
    let error = Database::open(&V1, folder.path(), &options).await.expect_err("in use");
    assert_eq!(error.class().as_str(), "busy");
    write_note(&other, "two").await?;
    assert_eq!(count_notes(&other).await?, 2);
    Ok(())
}

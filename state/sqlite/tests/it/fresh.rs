//! A new database, from nothing to a row that is still there.

use threadkeep_sqlite::{DbKind, Depth, Durability, sqlite_version};

use crate::support::{DURABLE, FILE, ID, Result, V2, V3, bytes, count_notes, journal_mode, open, write_note};

#[tokio::test]
async fn a_fresh_database_has_what_was_promised() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    assert_eq!(journal_mode(&database).await?, "wal");
    write_note(&database, "one").await?;
    let mut tx = database.begin(Durability::Usual).await?;
    for (pragma, wanted) in [
        ("PRAGMA application_id", i64::from(ID)),
        ("PRAGMA auto_vacuum", 2),
        ("PRAGMA foreign_keys", 1),
        ("PRAGMA synchronous", 1),
        ("PRAGMA checkpoint_fullfsync", 1),
        ("PRAGMA journal_size_limit", 64 << 20),
        ("PRAGMA temp_store", 2),
        ("PRAGMA trusted_schema", 0),
        ("PRAGMA cell_size_check", 1),
        ("PRAGMA busy_timeout", 5_000),
        ("PRAGMA query_only", 0),
    ] {
        let value: i64 = sqlx::query_scalar(pragma).fetch_one(tx.conn()).await?;
        assert_eq!(value, wanted, "{pragma}");
    }
    tx.rollback().await;
    assert_eq!(count_notes(&database).await?, 1);
    assert_eq!(database.check(Depth::Full).await?, Vec::<String>::new());
    let path = database.path().to_path_buf();
    database.close().await?;
    let left: Vec<String> = bytes(folder.path())?.into_keys().collect();
    assert_eq!(left, [FILE.to_owned(), format!("{FILE}.lock")], "the last to close writes the log back");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(path)?.permissions().mode() & 0o777, 0o600, "for this user alone");
    }
    Ok(())
}

#[tokio::test]
async fn a_durable_database_waits_for_the_disk() -> Result {
    assert_eq!(DURABLE.kind, DbKind::Durable);
    let folder = tempfile::tempdir()?;
    let database = open(&DURABLE, folder.path()).await?;
    let mut tx = database.begin(Durability::Usual).await?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(tx.conn()).await?;
    assert_eq!(synchronous, 2, "FULL");
    Ok(())
}

#[tokio::test]
async fn a_second_open_writes_nothing() -> Result {
    let folder = tempfile::tempdir()?;
    open(&V3, folder.path()).await?.close().await?;
    let before = bytes(folder.path())?;
    let database = open(&V3, folder.path()).await?;
    assert_eq!(count_notes(&database).await?, 0);
    database.close().await?;
    assert_eq!(bytes(folder.path())?, before);
    Ok(())
}

/// The oldest SQLite that is safe to use: before it, a WAL database can be corrupted when a
/// checkpoint and a writer race (the WAL-reset bug of 3.7.0 to 3.51.2).
const MIN_SQLITE_VERSION: &str = "3.51.3";

#[tokio::test]
async fn the_linked_sqlite_is_new_enough() -> Result {
    let numbers =
        |version: &str| -> Vec<u32> { version.split('.').filter_map(|part| part.parse().ok()).collect() };
    assert!(numbers(sqlite_version()) >= numbers(MIN_SQLITE_VERSION), "{}", sqlite_version());
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    let version = sqlx::query_scalar("SELECT sqlite_version()");
    let running: String = database.read(async |conn| version.fetch_one(conn).await).await?;
    assert_eq!(running, sqlite_version());
    Ok(())
}

#[test]
fn the_lock_file_pins_sqlite() -> Result {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"))?;
    let mut pinned = Vec::new();
    let mut lines = lock.lines();
    while let Some(line) = lines.next() {
        if line == "name = \"libsqlite3-sys\"" {
            pinned.extend(lines.next());
        }
    }
    assert_eq!(pinned, ["version = \"0.37.0\""], "one SQLite, and the one whose WAL is sound");
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))?;
    assert!(manifest.contains("libsqlite3-sys = { version = \"=0.37.0\""), "an exact pin in the workspace");
    Ok(())
}

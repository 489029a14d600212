//! Looking at databases in every state, which changes not one byte of any of them.

use std::fs;
use std::path::Path;

use sqlx::Executor as _;
use threadkeep_sqlite::{
    DbSpec, DbState, DbStatus, Durability, JournalMode, MigrationFile, OpenOptions, inspect, migrations,
};

use crate::support::{
    FILE, ID, Result, V1, V2, V3, bytes, child, child_of, open, spec, succeeded, write_note,
};

/// Looks, and holds it against the folder's bytes before and after.
async fn look(spec: &'static DbSpec, folder: &Path) -> Result<DbStatus> {
    let before = bytes(folder)?;
    let status = inspect(spec, folder).await;
    assert_eq!(bytes(folder)?, before, "{status:?}");
    Ok(status)
}

/// Copies a database and the files next to it, as a kill would leave them.
fn left_behind(folder: &Path, suffixes: &[&str]) -> Result<tempfile::TempDir> {
    let left = tempfile::tempdir()?;
    for suffix in suffixes {
        fs::copy(folder.join(format!("{FILE}{suffix}")), left.path().join(format!("{FILE}{suffix}")))?;
    }
    Ok(left)
}

#[tokio::test]
async fn missing_current_pending_and_unknown() -> Result {
    let folder = tempfile::tempdir()?;
    assert_eq!(look(&V2, folder.path()).await?.state, DbState::Missing);
    assert_eq!(inspect(&V2, &folder.path().join("nowhere")).await.state, DbState::Missing);

    open(&V2, folder.path()).await?.close().await?;
    let status = look(&V2, folder.path()).await?;
    assert_eq!(status.state, DbState::Current);
    assert_eq!((status.application_id, status.journal), (Some(ID), Some(JournalMode::Wal)));
    assert_eq!((status.wal_size, status.shm_size), (None, None));
    let pages = status.pages.ok_or("pages")?;
    assert_eq!(status.size, Some(pages.size * pages.count));

    let status = look(&V3, folder.path()).await?;
    assert_eq!(status.state, DbState::Pending);
    let schema = status.schema.ok_or("schema")?;
    assert_eq!((schema.applied, schema.known, schema.pending), (2, 3, vec![3]));

    let status = look(&V1, folder.path()).await?;
    assert_eq!(status.state, DbState::Current, "what we do not know does no harm");
    assert_eq!(status.schema.map(|schema| schema.unknown), Some(vec![2]));
    Ok(())
}

/// The child's part: another process looks, for within one process SQLite shares the log's index
/// between handles.
async fn child_looks(test: &str) -> Result<bool> {
    let Some(folder) = child_of(test) else { return Ok(false) };
    let status = inspect(&V2, &folder).await;
    assert_eq!((status.state, status.log_unread), (DbState::Current, false));
    assert_eq!(status.schema.map(|schema| schema.applied), Some(2));
    Ok(true)
}

#[tokio::test]
async fn a_database_in_use_is_read_with_its_log() -> Result {
    const NAME: &str = "inspecting::a_database_in_use_is_read_with_its_log";
    if child_looks(NAME).await? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    let look = || {
        let before = bytes(folder.path())?;
        succeeded(child(NAME, folder.path())?.spawn()?)?;
        assert_eq!(bytes(folder.path())?, before);
        Result::Ok(())
    };
    look()?;
    write_note(&database, "in the log").await?;
    look()?;
    let tx = database.begin(Durability::Usual).await?;
    look()?;
    drop(tx);
    database.checkpoint().await?;
    look()?;
    write_note(&database, "in a new log").await?;
    look()?;
    database.read(async |conn| sqlx::query("SELECT * FROM notes").execute(conn).await).await?;
    look()
}

#[tokio::test]
async fn a_database_that_a_killed_program_left() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    write_note(&database, "in the log").await?;
    let left = left_behind(folder.path(), &["", "-wal", "-shm"])?;
    let status = look(&V2, left.path()).await?;
    assert_eq!((&status.state, status.log_unread), (&DbState::Current, false));
    // Without the log's index the log cannot be read, and the file itself was not migrated yet.
    let left = left_behind(folder.path(), &["", "-wal"])?;
    let status = look(&V2, left.path()).await?;
    assert!(status.log_unread);
    assert_eq!(status.state, DbState::Pending);
    Ok(())
}

#[tokio::test]
async fn a_log_without_a_commit_says_nothing() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    database.checkpoint().await?;
    // Pages that were spilled to the log before their transaction was committed.
    let mut tx = database.begin(Durability::Usual).await?;
    tx.conn().execute("PRAGMA cache_size = 1; PRAGMA cache_spill = 1").await?;
    for _ in 0..20 {
        sqlx::query("INSERT INTO notes (text) VALUES (?1)")
            .bind("x".repeat(20_000))
            .execute(tx.conn())
            .await?;
    }
    let left = left_behind(folder.path(), &["", "-wal", "-shm"])?;
    let log = left.path().join(format!("{FILE}-wal"));
    let whole = fs::metadata(&log)?.len();
    assert!(whole > 10_000);
    for length in [whole, 32, 10, 0] {
        fs::File::options().write(true).open(&log)?.set_len(length)?;
        let status = look(&V2, left.path()).await?;
        assert_eq!((&status.state, status.log_unread), (&DbState::Current, false), "{length}");
    }
    Ok(())
}

static EDITED: [MigrationFile; 1] = migrations!["0001_notes" => "SELECT 1;"];
static EDITED_LINE: DbSpec = spec(&EDITED);
static OTHER: DbSpec = DbSpec::new("other", FILE, threadkeep_sqlite::DbKind::Rebuildable, 5, &EDITED);

#[tokio::test]
async fn refused_databases_are_told_apart() -> Result {
    let folder = tempfile::tempdir()?;
    open(&V2, folder.path()).await?.close().await?;
    assert_eq!(look(&EDITED_LINE, folder.path()).await?.state, DbState::Development);
    assert_eq!(look(&OTHER, folder.path()).await?.state.as_str(), "foreign");
    let database = open(&V2, folder.path()).await?;
    let mut tx = database.begin(Durability::Usual).await?;
    tx.conn().execute("PRAGMA user_version = 9").await?;
    tx.commit().await?;
    let left = left_behind(folder.path(), &["", "-wal", "-shm"])?;
    let status = look(&V2, left.path()).await?;
    assert_eq!((status.state, status.schema.map(|schema| schema.needs)), (DbState::Newer, Some(9)));
    database.close().await?;
    let path = folder.path().join(FILE);
    let whole = fs::read(&path)?;
    fs::write(&path, &whole[..50])?;
    assert_eq!(look(&V2, folder.path()).await?.state.as_str(), "corrupt");
    fs::write(&path, &whole[..4096])?;
    let status = look(&V2, folder.path()).await?;
    assert_eq!(status.state.as_str(), "corrupt", "{:?}", status.state);
    fs::write(&path, "not a database")?;
    assert_eq!(look(&V2, folder.path()).await?.state.as_str(), "foreign");
    fs::remove_file(&path)?;
    fs::create_dir(&path)?;
    let status = look(&V2, folder.path()).await?;
    let detail = format!("{} is not a regular file", status.paths.database.display());
    assert_eq!(status.state.detail(), Some(detail.as_str()));
    Ok(())
}

#[tokio::test]
async fn a_database_locked_exclusively() -> Result {
    let folder = tempfile::tempdir()?;
    let options = OpenOptions::new().journal(threadkeep_sqlite::JournalMode::Delete);
    let database = threadkeep_sqlite::Database::open(&V2, folder.path(), &options).await?;
    let mut tx = database.begin(Durability::Usual).await?;
    tx.rollback().await;
    tx = database.begin(Durability::Usual).await?;
    // Spill the cache: from then on, no other connection may read.
    tx.conn().execute("PRAGMA cache_size = 1; PRAGMA cache_spill = 1").await?;
    for _ in 0..20 {
        sqlx::query("INSERT INTO notes (text) VALUES (?1)")
            .bind("x".repeat(20_000))
            .execute(tx.conn())
            .await?;
    }
    let status = look(&V2, folder.path()).await?;
    assert_eq!(status.state.as_str(), "locked", "{:?}", status.state);
    Ok(())
}

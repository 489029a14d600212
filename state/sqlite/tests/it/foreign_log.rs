//! A write-ahead log that is not the database's: refused before SQLite could write it over the
//! file.

use std::fs;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use threadkeep_sqlite::{
    Database, DbError, DbState, Durability, ErrorClass, MigrationFile, OpenError, OpenOptions, inspect,
};
use threadkeep_sqlite::{DbSpec, migrations};

use crate::support::{FILE, Result, V1, V2, bytes, count_notes, open, spec, write_note};

fn log_of(folder: &Path) -> PathBuf {
    folder.join(format!("{FILE}-wal"))
}

/// A database of ours with a note, closed.
async fn ours() -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    write_note(&database, "ours").await?;
    database.close().await?;
    Ok(folder)
}

/// Files that a kill would leave of a database in use.
fn left_behind(folder: &Path) -> Result<tempfile::TempDir> {
    let left = tempfile::tempdir()?;
    for suffix in ["", "-wal", "-shm"] {
        fs::copy(folder.join(format!("{FILE}{suffix}")), left.path().join(format!("{FILE}{suffix}")))?;
    }
    Ok(left)
}

/// Another program's database, open.
async fn other(folder: &Path, statements: &str) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(folder.join(FILE)).create_if_missing(true);
    let mut connection = options.connect().await?;
    connection.execute(AssertSqlSafe(statements.to_owned())).await?;
    Ok(connection)
}

/// Opens in every way, expects refusals that change nothing, and returns what was found.
async fn refused(folder: &Path) -> Result<String> {
    let before = bytes(folder)?;
    let mut said = String::new();
    for options in [OpenOptions::new(), OpenOptions::new().read_only(true)] {
        let error = Database::open(&V2, folder, &options).await.expect_err("the log is not ours");
        assert_eq!(bytes(folder)?, before, "{error}");
        assert_eq!(error.class(), ErrorClass::Foreign);
        let OpenError::ForeignLog { log, found, .. } = error else { return Err(error.into()) };
        assert_eq!(log, log_of(folder));
        said = found;
    }
    let status = inspect(&V2, folder).await;
    assert!(matches!(&status.state, DbState::Foreign(detail) if detail.contains(&said)), "{status:?}");
    assert_eq!(bytes(folder)?, before);
    // The remedy works.
    let log = fs::read(log_of(folder))?;
    fs::remove_file(log_of(folder))?;
    assert_eq!(
        count_notes(&Database::open(&V2, folder, &OpenOptions::new().read_only(true)).await?).await?,
        1
    );
    fs::write(log_of(folder), log)?;
    Ok(said)
}

#[tokio::test]
async fn of_another_program() -> Result {
    for (begin, expected) in [
        ("", "without an application id"),
        ("PRAGMA application_id = 77;", "application id 0x0000004d"),
        ("PRAGMA page_size = 1024;", "its pages have 1024 bytes"),
    ] {
        let ours = ours().await?;
        let theirs = tempfile::tempdir()?;
        let sql = format!("{begin} PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)");
        let connection = other(theirs.path(), &sql).await?;
        fs::copy(log_of(theirs.path()), log_of(ours.path()))?;
        let found = refused(ours.path()).await?;
        assert!(found.contains(expected), "{found}");
        connection.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn without_a_first_page() -> Result {
    let ours = ours().await?;
    let theirs = tempfile::tempdir()?;
    let mut connection = other(
        theirs.path(),
        "PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1); PRAGMA wal_checkpoint(TRUNCATE)",
    )
    .await?;
    connection.execute("UPDATE t SET a = 2").await?;
    assert_eq!(fs::metadata(log_of(theirs.path()))?.len(), 32 + 24 + 4096, "one page, and not the first");
    fs::copy(log_of(theirs.path()), log_of(ours.path()))?;
    let found = refused(ours.path()).await?;
    assert!(found.contains("of a database of 2 pages"), "{found}");
    Ok(())
}

#[tokio::test]
async fn of_another_state_of_this_database() -> Result {
    // A snapshot is put in the place of a killed database, and its log is left.
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    for _ in 0..3 {
        // Each of these connections reads the first page again, and so counts a change.
        other(folder.path(), &format!("INSERT INTO notes (text) VALUES ('{}')", "x".repeat(5_000)))
            .await?
            .close()
            .await?;
    }
    database.checkpoint().await?;
    let left = left_behind(folder.path())?;
    fs::remove_file(left.path().join(FILE))?;
    write_note(&database, &"x".repeat(5_000)).await?;
    fs::copy(log_of(folder.path()), log_of(left.path()))?;
    let early = ours().await?;
    fs::copy(early.path().join(FILE), left.path().join(FILE))?;
    let found = refused(left.path()).await?;
    assert!(found.contains("it takes a database from change"), "{found}");
    // The other way around: an old log, and a database that has moved on.
    let log = fs::read(log_of(folder.path()))?;
    for _ in 0..3 {
        other(folder.path(), &format!("INSERT INTO notes (text) VALUES ('{}')", "x".repeat(5_000)))
            .await?
            .close()
            .await?;
    }
    database.close().await?;
    fs::write(log_of(folder.path()), log)?;
    let before = bytes(folder.path())?;
    let error = Database::open(&V2, folder.path(), &OpenOptions::new()).await.expect_err("an old log");
    assert!(matches!(error, OpenError::ForeignLog { .. }), "{error}");
    assert_eq!(bytes(folder.path())?, before);
    Ok(())
}

#[tokio::test]
async fn what_sqlite_passes_over_is_no_reason_to_refuse() -> Result {
    let theirs = tempfile::tempdir()?;
    let connection = other(theirs.path(), "PRAGMA journal_mode = WAL; CREATE TABLE t (a)").await?;
    let whole = fs::read(log_of(theirs.path()))?;
    connection.close().await?;
    let torn_header = [&whole[..20], &[0; 12], &whole[32..]].concat();
    let mut other_salt = whole.clone();
    other_salt[32 + 8] ^= 1;
    let mut torn_page = whole.clone();
    torn_page[32 + 24 + 4096 - 1] ^= 1;
    let cases =
        [&whole[..0], &whole[..10], &whole[..32], &whole[..3000], &torn_header, &other_salt, &torn_page];
    for (case, log) in cases.into_iter().enumerate() {
        let ours = ours().await?;
        fs::write(log_of(ours.path()), log)?;
        let database = open(&V2, ours.path()).await.map_err(|error| format!("{case}: {error}"))?;
        assert_eq!(count_notes(&database).await?, 1, "{case}");
        database.close().await?;
    }
    Ok(())
}

static RAISED: [MigrationFile; 2] = migrations![
    "0001_notes" => "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
    "0002_contract" => "ALTER TABLE notes RENAME COLUMN text TO body; PRAGMA user_version = 2;",
];
static CONTRACTED: DbSpec = spec(&RAISED);

#[tokio::test]
async fn the_floor_in_a_log_counts() -> Result {
    let folder = tempfile::tempdir()?;
    let _running = open(&CONTRACTED, folder.path()).await?;
    let left = left_behind(folder.path())?;
    let before = bytes(left.path())?;
    let error = Database::open(&V1, left.path(), &OpenOptions::new()).await.expect_err("newer");
    assert!(matches!(error, OpenError::Database(DbError::Newer { needs: 2, knows: 1, .. })), "{error}");
    assert_eq!(bytes(left.path())?, before);
    Ok(())
}

/// A log of our own is never refused, at whatever moment its program was killed.
#[tokio::test]
async fn our_own_is_never_refused() -> Result {
    let folder = tempfile::tempdir()?;
    let one = open(&V2, folder.path()).await?;
    let two = open(&V2, folder.path()).await?;
    let mut vacuuming = other(folder.path(), "PRAGMA wal_autocheckpoint = 0").await?;
    let mut notes = 0;
    for step in 0..120 {
        match fastrand::u32(..10) {
            0 => vacuuming.execute("VACUUM").await.map(|_| ())?,
            1 => one.checkpoint().await.map(|_| ())?,
            2 => vacuuming.execute("PRAGMA wal_checkpoint(PASSIVE)").await.map(|_| ())?,
            3 => vacuuming.execute("PRAGMA wal_checkpoint(RESTART)").await.map(|_| ())?,
            4 => {
                let mut tx = two.begin(Durability::Usual).await?;
                tx.conn().execute("UPDATE notes SET text = 'short' WHERE id % 3 = 0").await?;
                tx.commit().await?;
            }
            5 => {
                let mut tx = one.begin(Durability::Usual).await?;
                tx.conn().execute("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; UPDATE notes SET text = hex(randomblob(4000))").await?;
                tx.rollback().await;
            }
            6 => {
                let mut tx = two.begin(Durability::Usual).await?;
                tx.conn().execute("PRAGMA incremental_vacuum(3)").await?;
                tx.commit().await?;
            }
            _ => {
                let writer = if fastrand::bool() { &one } else { &two };
                write_note(writer, &"x".repeat(fastrand::usize(..9_000))).await?;
                notes += 1;
            }
        }
        let left = left_behind(folder.path())?;
        let status = inspect(&V2, left.path()).await;
        assert_eq!(status.state, DbState::Current, "{step}");
        let killed = open(&V2, left.path()).await.map_err(|error| format!("{step}: {error}"))?;
        assert_eq!(count_notes(&killed).await?, notes);
        killed.close().await?;
    }
    Ok(())
}

//! A file that is not ours, too new or damaged is refused, and not one byte of it changes.

use std::fs;
use std::path::Path;

use sqlx::Executor as _;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use threadkeep_sqlite::{
    Database, DbError, DbSpec, Durability, ErrorClass, JournalMode, MigrationFile, OpenError, OpenOptions,
    inspect, migrations,
};

use crate::support::{FILE, Result, V1, V2, bytes, open, spec, write_note};

/// Opens, expects a refusal that leaves the folder as it was, and returns it.
async fn refusal(spec: &'static DbSpec, folder: &Path) -> Result<OpenError> {
    let before = bytes(folder)?;
    let refusal = Database::open(spec, folder, &OpenOptions::new()).await.expect_err("it must be refused");
    assert_eq!(bytes(folder)?, before, "nothing may change: {refusal}");
    Ok(refusal)
}

/// Runs statements as another program would.
async fn foreign(path: &Path, statements: &'static str) -> Result {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await?;
    connection.execute(statements).await?;
    connection.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_no_database() -> Result {
    for content in ["hello", &"# notes\n".repeat(100)] {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join(FILE), content)?;
        let error = refusal(&V2, folder.path()).await?;
        assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
        assert_eq!(error.class().as_str(), "foreign");
        assert!(error.to_string().contains(FILE), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_database_of_another_program() -> Result {
    for statements in [
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP, \
         success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL); CREATE TABLE threads (id TEXT);",
        "PRAGMA journal_mode = WAL; CREATE TABLE threads (id TEXT);",
        "PRAGMA application_id = 77; CREATE TABLE threads (id TEXT);",
        "PRAGMA journal_mode = WAL;",
    ] {
        let folder = tempfile::tempdir()?;
        foreign(&folder.path().join(FILE), statements).await?;
        let error = refusal(&V2, folder.path()).await?;
        assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_database_of_another_program_that_bears_our_id() -> Result {
    for statements in [
        "CREATE TABLE threads (id TEXT);",
        "PRAGMA journal_mode = WAL; CREATE TABLE threads (id TEXT);",
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP, \
         success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL); \
         INSERT INTO _sqlx_migrations VALUES (20261122130000, 'theirs', 0, 1, x'00', 0); CREATE TABLE threads (id TEXT);",
    ] {
        let folder = tempfile::tempdir()?;
        foreign(&folder.path().join(FILE), "PRAGMA application_id = 1953002545").await?;
        foreign(&folder.path().join(FILE), statements).await?;
        let error = refusal(&V2, folder.path()).await?;
        assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
        let options = OpenOptions::new().read_only(true);
        let error = Database::open(&V2, folder.path(), &options).await.expect_err("it must be refused");
        assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
        let options = OpenOptions::new().journal(JournalMode::Delete);
        let before = fs::read(folder.path().join(FILE))?;
        let error = Database::open(&V2, folder.path(), &options).await.expect_err("it must be refused");
        assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
        assert_eq!(fs::read(folder.path().join(FILE))?, before);
        assert_eq!(inspect(&V2, folder.path()).await.state.as_str(), "foreign");
    }
    // With nothing in it, it is what an interrupted first start leaves.
    let folder = tempfile::tempdir()?;
    foreign(&folder.path().join(FILE), "PRAGMA application_id = 1953002545").await?;
    open(&V2, folder.path()).await?;
    Ok(())
}

#[tokio::test]
async fn a_database_of_another_program_that_runs() -> Result {
    let folder = tempfile::tempdir()?;
    let options = SqliteConnectOptions::new().filename(folder.path().join(FILE)).create_if_missing(true);
    let mut other = options.connect().await?;
    other.execute("PRAGMA journal_mode = WAL; CREATE TABLE threads (id TEXT); BEGIN IMMEDIATE;").await?;
    let error = refusal(&V2, folder.path()).await?;
    assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
    other.execute("INSERT INTO threads VALUES ('x'); COMMIT").await?;
    Ok(())
}

#[tokio::test]
async fn a_folder_a_socket_and_a_missing_folder() -> Result {
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join(FILE))?;
    let error = refusal(&V2, folder.path()).await?;
    assert!(matches!(error, OpenError::NotAFile { .. }), "{error}");

    let missing = folder.path().join("nowhere");
    let error = Database::open(&V2, &missing, &OpenOptions::new()).await.expect_err("no folder");
    assert!(matches!(error, OpenError::NoFolder { .. }), "{error}");
    assert!(!missing.exists());

    let file = folder.path().join("file");
    fs::write(&file, "")?;
    let error =
        Database::open(&V2, &file, &OpenOptions::new()).await.expect_err("a file in the folder's place");
    assert!(matches!(error, OpenError::NoFolder { .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::Io);
    Ok(())
}

#[tokio::test]
async fn a_torn_header_and_a_log_without_its_database() -> Result {
    for length in [1, 16, 99] {
        let folder = tempfile::tempdir()?;
        open(&V2, folder.path()).await?.close().await?;
        fs::File::options().write(true).open(folder.path().join(FILE))?.set_len(length)?;
        let error = refusal(&V2, folder.path()).await?;
        assert!(matches!(error, OpenError::Database(DbError::Corrupt { .. })), "{length}: {error}");
    }
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join(format!("{FILE}-wal")), "someone's data")?;
    let error = refusal(&V2, folder.path()).await?;
    assert!(matches!(error, OpenError::Database(DbError::Corrupt { .. })), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_damaged_file() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    write_note(&database, &"long ".repeat(10_000)).await?;
    database.close().await?;
    let path = folder.path().join(FILE);
    let whole = fs::read(&path)?;
    // Cut off: SQLite knows from the header how long the file should be.
    fs::write(&path, &whole[..whole.len() / 2 / 4096 * 4096])?;
    let error = refusal(&V2, folder.path()).await?;
    assert!(matches!(error, OpenError::Database(DbError::Corrupt { .. })), "{error}");
    assert_eq!(error.class(), ErrorClass::Corrupt);
    // Overwritten: the schema's page is noise behind a sound header.
    let mut noise = whole.clone();
    noise[100..4096].fill(0xA5);
    fs::write(&path, &noise)?;
    let error = refusal(&V2, folder.path()).await?;
    assert!(matches!(error, OpenError::Database(DbError::Corrupt { .. })), "{error}");
    // Beyond what opening reads: it was changed since it was closed, so it is checked first.
    let mut noise = whole.clone();
    let end = noise.len();
    noise[end - 3 * 4096..].fill(0xA5);
    fs::write(&path, &noise)?;
    let error = refusal(&V2, folder.path()).await?;
    assert!(matches!(error, OpenError::Database(DbError::Corrupt { .. })), "{error}");
    // Damage while it is open: the check finds it, and it is an answer, not an error.
    fs::write(&path, &whole)?;
    let database = open(&V2, folder.path()).await?;
    fs::write(&path, &noise)?;
    assert!(!database.check(threadkeep_sqlite::Depth::Quick).await?.is_empty());
    Ok(())
}

static RAISED: [MigrationFile; 2] = migrations![
    "0001_notes" => "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
    "0002_contract" => "ALTER TABLE notes RENAME COLUMN text TO body; PRAGMA user_version = 2;",
];
static CONTRACTED: DbSpec = spec(&RAISED);

#[tokio::test]
async fn a_floor_above_what_we_know() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&CONTRACTED, folder.path()).await?;
    // While the new program runs, the floor may be in the log only, and SQLite finds it.
    let error = Database::open(&V1, folder.path(), &OpenOptions::new()).await.expect_err("newer");
    assert!(matches!(error, OpenError::Database(DbError::Newer { needs: 2, knows: 1, .. })), "{error}");
    database.close().await?;
    let error = refusal(&V1, folder.path()).await?;
    assert!(matches!(error, OpenError::Database(DbError::Newer { needs: 2, knows: 1, .. })), "{error}");
    Ok(())
}

#[tokio::test]
async fn an_old_program_that_is_still_running_stops_writing() -> Result {
    let folder = tempfile::tempdir()?;
    let old = open(&V1, folder.path()).await?;
    write_note(&old, "one").await?;
    open(&CONTRACTED, folder.path()).await?.close().await?;
    let error = old.begin(Durability::Usual).await.expect_err("the floor was raised");
    assert_eq!(error.class(), ErrorClass::Newer);
    Ok(())
}

static EDITED_LATER: [MigrationFile; 2] = migrations![
    "0001_notes" => "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
    "0002_tags" => "SELECT 2;",
];
static EDITED_LATER_LINE: DbSpec = spec(&EDITED_LATER);

#[tokio::test]
async fn an_edited_second_migration_is_a_checksum_error() -> Result {
    let folder = tempfile::tempdir()?;
    open(&V2, folder.path()).await?.close().await?;
    let error = refusal(&EDITED_LATER_LINE, folder.path()).await?;
    assert!(matches!(error, OpenError::Checksum { version: 2, .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::Checksum);
    Ok(())
}

static EDITED: [MigrationFile; 2] = migrations![
    "0001_notes" => "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT; ",
    "0002_tags" => "SELECT 1;",
];
static EDITED_LINE: DbSpec = spec(&EDITED);

#[tokio::test]
async fn an_edited_first_migration_is_a_development_version() -> Result {
    let folder = tempfile::tempdir()?;
    open(&V1, folder.path()).await?.close().await?;
    let error = refusal(&EDITED_LINE, folder.path()).await?;
    assert!(matches!(error, OpenError::Development { .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::Checksum);
    Ok(())
}

/// Copies a database as a killed program leaves it: with its log, and with the log's index or not.
fn killed(folder: &Path, with_index: bool) -> Result<tempfile::TempDir> {
    let copy = tempfile::tempdir()?;
    for end in ["", "-wal", "-shm"].into_iter().filter(|end| with_index || *end != "-shm") {
        let name = format!("{FILE}{end}");
        fs::copy(folder.join(&name), copy.path().join(&name))?;
    }
    Ok(copy)
}

#[tokio::test]
async fn what_a_killed_program_left_is_refused_and_stays_as_it_is() -> Result {
    let cases: [(&DbSpec, &DbSpec, &str); 3] = [
        (&V2, &EDITED_LINE, "development version"),
        (&V2, &EDITED_LATER_LINE, "its migration 0002 differs"),
        (&CONTRACTED, &V1, "needs a program that knows schema version 2"),
    ];
    for (made_by, refused_by, reason) in cases {
        // The log has all of the database, a part of it, and nothing.
        for (checkpoint, write) in [(false, true), (true, true), (true, false)] {
            let folder = tempfile::tempdir()?;
            let database = open(made_by, folder.path()).await?;
            if checkpoint {
                database.checkpoint().await?;
            }
            if write {
                let mut tx = database.begin(Durability::Usual).await?;
                tx.conn().execute("CREATE TABLE filler (text TEXT)").await?;
                tx.commit().await?;
            }
            for with_index in [true, false] {
                let left = killed(folder.path(), with_index)?;
                let error = refusal(refused_by, left.path()).await?;
                assert!(error.to_string().contains(reason), "{error}");
                let options = OpenOptions::new().journal(JournalMode::Delete);
                let before = bytes(left.path())?;
                Database::open(refused_by, left.path(), &options).await.expect_err("refused");
                assert_eq!(bytes(left.path())?, before);
                open(made_by, left.path()).await?.close().await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn tables_of_another_program_in_a_log_are_refused_and_stay_as_they_are() -> Result {
    let folder = tempfile::tempdir()?;
    foreign(&folder.path().join(FILE), "PRAGMA application_id = 1953002545; PRAGMA journal_mode = WAL;")
        .await?;
    let options = SqliteConnectOptions::new().filename(folder.path().join(FILE));
    let mut other = options.connect().await?;
    // More tables than fit on one page.
    for n in 0..200 {
        let sql = format!("CREATE TABLE threads_{n} (id TEXT, a_column_with_a_long_name TEXT)");
        other.execute(sqlx::AssertSqlSafe(sql)).await?;
    }
    for with_index in [true, false] {
        let left = killed(folder.path(), with_index)?;
        let error = refusal(&V2, left.path()).await?;
        assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
    }
    Ok(())
}

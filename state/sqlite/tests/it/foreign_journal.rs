//! A hot rollback journal: the database's own is rolled back, and any other is refused
//! before SQLite could.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use threadkeep_sqlite::{
    Database, DbState, Depth, Durability, ErrorClass, JournalMode, OpenError, OpenOptions, inspect,
};

use crate::support::{FILE, ID, Result, V2, bytes, child, child_of, count_notes, succeeded, write_note};

/// Makes a transaction write its pages to the file long before it commits, so that its journal is
/// hot.
const SPILL: &str = "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE;";
/// Adds pages, and so writes the first one.
const GROW: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
                    INSERT INTO notes (text) SELECT hex(zeroblob(2000)) FROM n;";
/// Changes pages where they are, and not the first one.
const CHANGE: &str = "UPDATE notes SET text = replace(text, '0', '1');";

fn delete() -> OpenOptions {
    OpenOptions::new().journal(JournalMode::Delete)
}

fn journal_of(folder: &Path) -> PathBuf {
    folder.join(format!("{FILE}-journal"))
}

/// A database of ours without a write-ahead log, with as many notes of some pages, closed.
async fn ours(notes: usize) -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let database = Database::open(&V2, folder.path(), &delete()).await?;
    for _ in 0..notes {
        write_note(&database, &"0".repeat(9_000)).await?;
    }
    database.close().await?;
    Ok(folder)
}

/// A connection that is not ours, after these statements.
async fn raw(folder: &Path, statements: &str) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(folder.join(FILE)).create_if_missing(true);
    let mut connection = options.connect().await?;
    connection.execute(AssertSqlSafe(statements.to_owned())).await?;
    Ok(connection)
}

/// Files that a kill would leave now: the database and its journal.
fn left_behind(folder: &Path) -> Result<tempfile::TempDir> {
    let left = tempfile::tempdir()?;
    fs::copy(folder.join(FILE), left.path().join(FILE))?;
    fs::copy(journal_of(folder), journal_of(left.path()))?;
    Ok(left)
}

/// The journal that a kill in such a transaction would leave, which has been written to the disk.
async fn hot(folder: &Path, statements: &str) -> Result<Vec<u8>> {
    let mut connection = raw(folder, &format!("{SPILL} {statements}")).await?;
    let journal = fs::read(journal_of(folder))?;
    assert_eq!(journal[..4], [0xd9, 0xd5, 0x05, 0xf9], "the journal is hot");
    connection.execute("ROLLBACK").await?;
    connection.close().await?;
    Ok(journal)
}

/// Opens in every way, expects refusals that change nothing, and returns what was found.
async fn refused(folder: &Path) -> Result<String> {
    let before = bytes(folder)?;
    let mut said = String::new();
    for options in [delete(), OpenOptions::new(), OpenOptions::new().read_only(true)] {
        let error = Database::open(&V2, folder, &options).await.expect_err("the journal is not ours");
        assert_eq!(bytes(folder)?, before, "{error}");
        assert_eq!(error.class(), ErrorClass::Foreign);
        let OpenError::ForeignLog { log, found, .. } = error else { return Err(error.into()) };
        assert_eq!(log, journal_of(folder));
        said = found;
    }
    let status = inspect(&V2, folder).await;
    assert!(matches!(&status.state, DbState::Foreign(detail) if detail.contains(&said)), "{status:?}");
    assert_eq!(bytes(folder)?, before);
    Ok(said)
}

/// Opens, and expects the database as it was before the transaction.
async fn rolled_back(folder: &Path, notes: i64) -> Result {
    let database = Database::open(&V2, folder, &delete()).await?;
    assert_eq!(count_notes(&database).await?, notes);
    assert_eq!(database.check(Depth::Full).await?, Vec::<String>::new());
    let changed = sqlx::query_scalar("SELECT count(*) FROM notes WHERE text NOT GLOB '0*'");
    let changed: i64 = database.read(async |conn| changed.fetch_one(conn).await).await?;
    assert_eq!(changed, 0);
    Ok(())
}

#[tokio::test]
async fn of_another_program_is_refused() -> Result {
    for (begin, expected) in [
        ("", "without an application id"),
        ("PRAGMA application_id = 77;", "application id 0x0000004d"),
        ("PRAGMA page_size = 1024;", "its pages have 1024 bytes"),
    ] {
        let theirs = tempfile::tempdir()?;
        let made = format!("{begin} CREATE TABLE notes (id INTEGER PRIMARY KEY, text); {GROW}");
        raw(theirs.path(), &made).await?.close().await?;
        // The second one has the first page far behind, after pages that were written to the disk
        // before it; what is changed last makes SQLite write the journal as far as that.
        let later =
            format!("UPDATE notes SET text = replace(text, '0', '1') WHERE id <= 50; {GROW} {CHANGE}");
        for statements in [GROW.to_owned(), later] {
            let journal = hot(theirs.path(), &statements).await?;
            let ours = ours(1).await?;
            fs::write(journal_of(ours.path()), journal)?;
            let found = refused(ours.path()).await?;
            assert!(found.contains(expected), "{found}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn of_a_database_that_was_being_created_is_refused_beside_one_with_tables() -> Result {
    let theirs = tempfile::tempdir()?;
    raw(theirs.path(), "").await?.close().await?;
    let journal =
        hot(theirs.path(), &format!("CREATE TABLE notes (id INTEGER PRIMARY KEY, text); {GROW}")).await?;
    let ours = ours(1).await?;
    fs::write(journal_of(ours.path()), journal)?;
    let found = refused(ours.path()).await?;
    assert!(found.contains("of a new database"), "{found}");
    Ok(())
}

#[tokio::test]
async fn of_another_state_of_this_database_is_refused() -> Result {
    // An old journal next to a database that has moved on, and a new one next to an old copy.
    let folder = ours(1).await?;
    let old = fs::read(folder.path().join(FILE))?;
    let early = hot(folder.path(), GROW).await?;
    let database = Database::open(&V2, folder.path(), &delete()).await?;
    for _ in 0..2 {
        write_note(&database, "more").await?;
    }
    database.close().await?;
    let late = hot(folder.path(), GROW).await?;
    fs::write(journal_of(folder.path()), early)?;
    let found = refused(folder.path()).await?;
    assert!(found.contains("it takes a database back to change"), "{found}");
    fs::write(folder.path().join(FILE), old)?;
    fs::write(journal_of(folder.path()), late)?;
    let found = refused(folder.path()).await?;
    assert!(found.contains("it takes a database back to change"), "{found}");
    Ok(())
}

#[tokio::test]
async fn without_a_first_page_its_size_tells() -> Result {
    let theirs = ours(60).await?;
    let journal = hot(theirs.path(), CHANGE).await?;
    let ours = ours(1).await?;
    fs::write(journal_of(ours.path()), journal)?;
    let found = refused(ours.path()).await?;
    assert!(found.contains("it is of a database of"), "{found}");
    Ok(())
}

#[tokio::test]
async fn of_a_database_that_is_gone_is_kept() -> Result {
    let folder = ours(20).await?;
    let journal = hot(folder.path(), CHANGE).await?;
    fs::write(journal_of(folder.path()), journal)?;
    for empty in [true, false] {
        match empty {
            true => fs::write(folder.path().join(FILE), "")?,
            false => fs::remove_file(folder.path().join(FILE))?,
        }
        let before = bytes(folder.path())?;
        let error =
            Database::open(&V2, folder.path(), &delete()).await.expect_err("its pages would be deleted");
        assert!(
            matches!(&error, OpenError::ForeignLog { found, .. } if found.contains("empty or missing")),
            "{error}"
        );
        assert_eq!(bytes(folder.path())?, before);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_not_hot_is_harmless() -> Result {
    let theirs = tempfile::tempdir()?;
    raw(theirs.path(), &format!("CREATE TABLE notes (id INTEGER PRIMARY KEY, text); {GROW}"))
        .await?
        .close()
        .await?;
    let whole = hot(theirs.path(), GROW).await?;
    let unsynced = [&[0; 12], &whole[12..]].concat();
    let zeros = vec![0; whole.len()];
    for journal in [&whole[..0], &unsynced, &zeros, b"not a journal"] {
        let ours = ours(1).await?;
        fs::write(journal_of(ours.path()), journal)?;
        rolled_back(ours.path(), 1).await?;
    }
    Ok(())
}

/// Transactions that change pages where they are, add some, and free some.
const TRANSACTIONS: [&str; 5] = [
    GROW,
    CHANGE,
    "DELETE FROM notes;",
    "PRAGMA user_version = 9; DROP TABLE notes;",
    "DELETE FROM notes; PRAGMA incremental_vacuum;",
];

#[tokio::test]
async fn our_own_is_rolled_back_in_the_middle_of_its_transaction() -> Result {
    for statements in TRANSACTIONS {
        let folder = ours(20).await?;
        let _writing = raw(folder.path(), &format!("{SPILL} {statements}")).await?;
        // Some pages are in the file.
        let middle = left_behind(folder.path())?;
        let status = inspect(&V2, middle.path()).await;
        assert!(matches!(status.state, DbState::NeedsRecovery(_)), "{statements}: {status:?}");
        let error =
            Database::open(&V2, middle.path(), &OpenOptions::new().read_only(true)).await.expect_err("hot");
        assert!(matches!(error, OpenError::NeedsRecovery { .. }), "{statements}: {error}");
        rolled_back(middle.path(), 20).await.map_err(|error| format!("{statements}: {error}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn our_own_is_rolled_back_in_its_commit() -> Result {
    // The commit adds the first page to the journal, if it is not there: what was read before is
    // not what it leaves.
    for statements in TRANSACTIONS.into_iter().filter(|statements| *statements != CHANGE) {
        let folder = ours(20).await?;
        // Without syncing, all that was written to the journal counts, and not only what was
        // synced.
        let begin = format!("PRAGMA synchronous = OFF; {SPILL} {statements}");
        let mut writing = raw(folder.path(), &begin).await?;
        // All pages are in the file, and the journal is not deleted yet.
        let journal = fs::read(journal_of(folder.path()))?;
        writing.execute("COMMIT").await?;
        writing.close().await?;
        fs::write(journal_of(folder.path()), &journal)?;
        rolled_back(folder.path(), 20).await.map_err(|error| format!("{statements}: {error}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn our_own_interrupted_creation_begins_again() -> Result {
    let theirs = tempfile::tempdir()?;
    raw(theirs.path(), "").await?.close().await?;
    let journal =
        hot(theirs.path(), &format!("CREATE TABLE notes (id INTEGER PRIMARY KEY, text); {GROW}")).await?;
    let folder = tempfile::tempdir()?;
    let mark = format!("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = {ID};");
    raw(folder.path(), &mark).await?.close().await?;
    fs::write(journal_of(folder.path()), &journal)?;
    rolled_back(folder.path(), 0).await?;
    // Or nothing of it reached the file.
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join(FILE), "")?;
    fs::write(journal_of(folder.path()), &journal)?;
    rolled_back(folder.path(), 0).await
}

/// Writes until it is killed, or for a while: each note is some pages.
async fn write_many(folder: &Path) -> Result {
    let database = Database::open(&V2, folder, &delete()).await?;
    for _ in 0..40 {
        let mut tx = database.begin(Durability::Usual).await?;
        sqlx::query("PRAGMA cache_size = 1").execute(tx.conn()).await?;
        for _ in 0..2 {
            sqlx::query("INSERT INTO notes (text) VALUES (?1)")
                .bind("0".repeat(30_000))
                .execute(tx.conn())
                .await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_killed_program_s_journal_is_never_refused() -> Result {
    const NAME: &str = "foreign_journal::a_killed_program_s_journal_is_never_refused";
    if let Some(folder) = child_of(NAME) {
        return write_many(&folder).await;
    }
    let started = Instant::now();
    let folder = tempfile::tempdir()?;
    succeeded(child(NAME, folder.path())?.spawn()?)?;
    let whole = started.elapsed();
    let mut journals = 0;
    for _ in 0..40 {
        let folder = tempfile::tempdir()?;
        let mut running = child(NAME, folder.path())?.spawn()?;
        let (started, moment) = (Instant::now(), whole.mul_f64(fastrand::f64()));
        while started.elapsed() < moment {
            std::thread::yield_now();
        }
        running.kill()?;
        running.wait()?;
        journals += i64::from(fs::metadata(journal_of(folder.path())).is_ok_and(|journal| journal.len() > 0));
        let database = Database::open(&V2, folder.path(), &delete()).await?;
        assert_eq!(count_notes(&database).await? % 2, 0, "both notes of a transaction, or none");
        assert_eq!(database.check(Depth::Full).await?, Vec::<String>::new());
    }
    assert!(journals > 0, "no kill left a journal");
    Ok(())
}

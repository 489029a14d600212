//! Migrations: all or none, with a snapshot before, and tolerant of a newer program's.

use std::fs;

use threadkeep_sqlite::{
    Database, DbSpec, Durability, MigrationFile, OpenError, OpenOptions, Snapshot, Taken, migrations,
};

use crate::support::{FILE, Result, V1, V2, V3, bytes, count_notes, open, spec, write_note};

#[tokio::test]
async fn an_upgrade_keeps_the_data_and_a_snapshot_of_before() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V1, folder.path()).await?;
    write_note(&database, "kept").await?;
    database.close().await?;
    let database = open(&V3, folder.path()).await?;
    assert_eq!(count_notes(&database).await?, 1);
    let snapshots = database.paths().snapshots()?;
    let path = folder.path().join(format!("{FILE}.before-v3"));
    assert_eq!(snapshots, [Snapshot { taken: Taken::BeforeUpgrade(3), path }]);
    database.close().await?;
    // The snapshot is a whole database of before: given its name back, the old program opens it.
    let restored = tempfile::tempdir()?;
    fs::copy(&snapshots[0].path, restored.path().join(FILE))?;
    let old = open(&V1, restored.path()).await?;
    assert_eq!(count_notes(&old).await?, 1);
    let versions = sqlx::query_scalar("SELECT version FROM _sqlx_migrations");
    let versions: Vec<i64> = old.read(async |conn| versions.fetch_all(conn).await).await?;
    assert_eq!(versions, [1]);
    Ok(())
}

#[tokio::test]
async fn two_snapshots_are_kept_and_nothing_else_is_deleted() -> Result {
    let folder = tempfile::tempdir()?;
    open(&V1, folder.path()).await?.close().await?;
    for name in ["before-v1", "before-v0", "before-v1.mine", "before-v", "before-vx", "bak"] {
        fs::write(folder.path().join(format!("{FILE}.{name}")), "")?;
    }
    open(&V2, folder.path()).await?.close().await?;
    open(&V3, folder.path()).await?.close().await?;
    let left: Vec<String> = bytes(folder.path())?.into_keys().collect();
    let names = ["bak", "before-v", "before-v1.mine", "before-v2", "before-v3", "before-vx", "lock"];
    let expected: Vec<String> =
        std::iter::once(FILE.to_owned()).chain(names.map(|name| format!("{FILE}.{name}"))).collect();
    assert_eq!(left, expected);
    Ok(())
}

#[tokio::test]
async fn a_new_database_needs_no_snapshot() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V3, folder.path()).await?;
    assert_eq!(database.paths().snapshots()?, []);
    Ok(())
}

static BROKEN: [MigrationFile; 3] = migrations![
    "0001_notes" => "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
    "0002_good" => "CREATE TABLE good (id INTEGER) STRICT; INSERT INTO notes (text) VALUES ('from 2');",
    "0003_bad" => "CREATE TABLE half (id INTEGER) STRICT; INSERT INTO nothing VALUES (1);",
];
static BROKEN_LINE: DbSpec = spec(&BROKEN);

#[tokio::test]
async fn a_failing_migration_takes_the_ones_before_it_back() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V1, folder.path()).await?;
    write_note(&database, "one").await?;
    database.close().await?;
    let error =
        Database::open(&BROKEN_LINE, folder.path(), &OpenOptions::new()).await.expect_err("0003 is broken");
    assert!(matches!(error, OpenError::Migration { version: 3, description: "bad", .. }), "{error}");
    let database = open(&V1, folder.path()).await?;
    let tables = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    let tables: Vec<String> = database.read(async |conn| tables.fetch_all(conn).await).await?;
    assert_eq!(tables, ["_sqlx_migrations", "notes"]);
    assert_eq!(count_notes(&database).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_first_migration_that_fails_leaves_a_file_that_can_be_tried_again() -> Result {
    let folder = tempfile::tempdir()?;
    let error =
        Database::open(&BROKEN_LINE, folder.path(), &OpenOptions::new()).await.expect_err("0003 is broken");
    assert!(matches!(error, OpenError::Migration { .. }), "{error}");
    let database = open(&V3, folder.path()).await?;
    assert_eq!(count_notes(&database).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_creation_that_was_killed_in_its_commit_is_begun_again() -> Result {
    let folder = tempfile::tempdir()?;
    // What such a kill leaves: the first page, with our mark, and a journal that takes it back to
    // an empty file.
    let whole = tempfile::tempdir()?;
    open(&V1, whole.path()).await?.close().await?;
    let mut page = fs::read(whole.path().join(FILE))?;
    page.truncate(4096);
    page[18..20].fill(1);
    // No table yet: an empty leaf, whose cells would begin at the page's end.
    page[100..].fill(0);
    (page[100], page[105]) = (0x0d, 0x10);
    fs::write(folder.path().join(FILE), &page)?;
    let mut journal = vec![0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    for number in [0_u32, 1, 0, 512, 4096] {
        journal.extend(number.to_be_bytes());
    }
    journal.resize(512, 0);
    let journal_path = folder.path().join(format!("{FILE}-journal"));
    fs::write(&journal_path, &journal)?;

    assert_eq!(threadkeep_sqlite::inspect(&V1, folder.path()).await.state.as_str(), "needs_recovery");
    let options = OpenOptions::new().read_only(true);
    let error = Database::open(&V1, folder.path(), &options).await.expect_err("a reader cannot roll back");
    assert!(matches!(error, OpenError::NeedsRecovery { .. }), "{error}");
    assert_eq!(fs::read(&journal_path)?, journal, "nor did it");

    for options in [OpenOptions::new(), OpenOptions::new().journal(threadkeep_sqlite::JournalMode::Delete)] {
        fs::write(folder.path().join(FILE), &page)?;
        fs::write(&journal_path, &journal)?;
        let database = Database::open(&V1, folder.path(), &options).await?;
        write_note(&database, "one").await?;
        let mut tx = database.begin(Durability::Usual).await?;
        let auto_vacuum: i64 = sqlx::query_scalar("PRAGMA auto_vacuum").fetch_one(tx.conn()).await?;
        assert_eq!(auto_vacuum, 2);
        tx.rollback().await;
        database.close().await?;
        assert!(!journal_path.exists());
    }
    Ok(())
}

static REBUILT: [MigrationFile; 3] = migrations![
    "0001_notes" => "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
    "0002_parts" => "CREATE TABLE parts (note_id INTEGER NOT NULL REFERENCES notes (id) ON DELETE CASCADE) STRICT;
        INSERT INTO notes VALUES (1, 'one'); INSERT INTO parts VALUES (1);",
    "0003_rebuild" => "CREATE TABLE notes_new (id INTEGER PRIMARY KEY, text TEXT NOT NULL, more TEXT) STRICT;
        INSERT INTO notes_new (id, text) SELECT id, text FROM notes; DROP TABLE notes; ALTER TABLE notes_new RENAME TO notes;",
];
static REBUILT_LINE: DbSpec = spec(&REBUILT);

#[tokio::test]
async fn rebuilding_a_table_does_not_delete_what_points_to_it() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&REBUILT_LINE, folder.path()).await?;
    let mut tx = database.begin(Durability::Usual).await?;
    let parts: i64 = sqlx::query_scalar("SELECT count(*) FROM parts").fetch_one(tx.conn()).await?;
    assert_eq!(parts, 1);
    let enforced: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(tx.conn()).await?;
    assert_eq!(enforced, 1, "on again for the program");
    Ok(())
}

static DANGLING: [MigrationFile; 3] = migrations![
    "0001_notes" => "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
    "0002_parts" => "CREATE TABLE parts (note_id INTEGER NOT NULL REFERENCES notes (id)) STRICT;",
    "0003_lost" => "INSERT INTO parts VALUES (7);",
];
static DANGLING_LINE: DbSpec = spec(&DANGLING);

#[tokio::test]
async fn a_migration_that_leaves_a_row_dangling_is_rolled_back() -> Result {
    let folder = tempfile::tempdir()?;
    let error =
        Database::open(&DANGLING_LINE, folder.path(), &OpenOptions::new()).await.expect_err("dangling");
    assert!(error.to_string().contains("foreign_key_check"), "{error}");
    assert_eq!(
        threadkeep_sqlite::inspect(&V1, folder.path()).await.schema.map(|schema| schema.applied),
        Some(0)
    );
    Ok(())
}

#[tokio::test]
async fn an_older_program_reads_and_writes_a_newer_database() -> Result {
    let folder = tempfile::tempdir()?;
    let new = open(&V3, folder.path()).await?;
    write_note(&new, "new").await?;
    let old = open(&V1, folder.path()).await?;
    write_note(&old, "old").await?;
    assert_eq!(count_notes(&new).await?, 2);
    assert_eq!(old.paths().snapshots()?, [], "nothing was upgraded, so nothing was copied");
    Ok(())
}

#[test]
fn checksums_are_those_that_sqlx_stores() {
    let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    // printf 'SELECT 1;' | sha384sum
    let file = MigrationFile::new("0001_one", "SELECT 1;");
    assert_eq!(hex(file.checksum()), include_str!("select_1.sha384").trim());
    assert_eq!(V3.migrations.iter().map(|migration| migration.version).collect::<Vec<_>>(), [1, 2, 3]);
}

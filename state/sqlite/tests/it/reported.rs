//! Telemetry: what is counted, with which tags.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use threadkeep_sqlite::telemetry::names;
use threadkeep_sqlite::{
    AlreadyInstalled, Database, DbKind, DbSpec, Durability, MemoryTelemetry, MigrationFile, OpenOptions,
    install_telemetry, migrations,
};

use crate::support::Result;

static ONE: [MigrationFile; 1] =
    migrations!["0001_notes" => "CREATE TABLE notes (id INTEGER PRIMARY KEY) STRICT;"];
static TWO: [MigrationFile; 2] = migrations![
    "0001_notes" => "CREATE TABLE notes (id INTEGER PRIMARY KEY) STRICT;",
    "0002_tags" => "CREATE TABLE tags (id INTEGER PRIMARY KEY) STRICT;",
];
// A label that no other test has: the sink is the whole process's.
static OLD: DbSpec = DbSpec::new("reported", "reported_1.sqlite", DbKind::Rebuildable, 77, &ONE);
static NEW: DbSpec = DbSpec::new("reported", "reported_1.sqlite", DbKind::Rebuildable, 77, &TWO);
static FOREIGN: DbSpec = DbSpec::new("reported", "reported_1.sqlite", DbKind::Rebuildable, 78, &ONE);

#[tokio::test]
async fn opens_migrations_and_waits_are_counted() -> Result {
    static SINK: OnceLock<Arc<MemoryTelemetry>> = OnceLock::new();
    let sink = SINK.get_or_init(Arc::default);
    install_telemetry(sink.clone())?;
    assert_eq!(install_telemetry(sink.clone()), Err(AlreadyInstalled));

    let folder = tempfile::tempdir()?;
    let options = OpenOptions::new();
    Database::open(&OLD, folder.path(), &options).await?.close().await?;
    Database::open(&NEW, folder.path(), &options).await?.close().await?;
    let database = Database::open(&NEW, folder.path(), &options).await?;
    Database::open(&FOREIGN, folder.path(), &options).await.expect_err("another id");

    let db = ("db", "reported");
    let opened = [db, ("status", "ok"), ("phase", "done"), ("error", "none")];
    assert_eq!(sink.total(names::OPEN, &opened), 3);
    let refused = [db, ("status", "error"), ("phase", "look"), ("error", "foreign")];
    assert_eq!(sink.total(names::OPEN, &refused), 1);
    assert_eq!(sink.total(names::OPEN, &[db]), 4);
    for phase in ["fresh", "upgrade"] {
        let tags = [db, ("status", "ok"), ("phase", phase), ("error", "none")];
        assert_eq!(sink.total(names::MIGRATE, &tags), 1, "{phase}");
    }
    assert_eq!(sink.total(names::MIGRATE, &[db]), 2);

    let impatient =
        OpenOptions::new().busy_timeout(Duration::from_millis(1)).write_timeout(Duration::from_millis(20));
    let other = Database::open(&NEW, folder.path(), &impatient).await?;
    let tx = database.begin(Durability::Usual).await?;
    other.begin(Durability::Usual).await.expect_err("locked");
    drop(tx);
    assert_eq!(sink.total(names::WRITE_WAIT, &[db, ("status", "error")]), 1);
    assert!(
        sink.reports()
            .iter()
            .any(|report| report.name == names::OPEN && report.tag("db") == Some("reported"))
    );
    Ok(())
}

//! Telemetry: what is counted, with which tags.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use threadkeep_sqlite::telemetry::{Tags, names};
use threadkeep_sqlite::{
    AlreadyInstalled, Database, DbKind, DbSpec, DbTelemetry, Durability, MigrationFile, OpenOptions,
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

/// The reports of this process: name, tags, and true for a duration.
#[derive(Default)]
struct Counts(Mutex<Vec<Counted>>);

type Counted = (&'static str, Vec<(&'static str, &'static str)>, bool);

impl Counts {
    /// Counts the reports that have all of these tags.
    fn total(&self, name: &str, tags: Tags<'_>) -> u64 {
        let reports = self.0.lock().expect("no test panics here");
        let is_meant = |tagged: &[_]| tags.iter().all(|tag| tagged.contains(tag));
        reports.iter().filter(|(of, tagged, timed)| *of == name && !timed && is_meant(tagged)).count() as u64
    }
}

impl DbTelemetry for Counts {
    fn counter(&self, name: &'static str, value: u64, tags: Tags<'_>) {
        assert_eq!(value, 1);
        self.0.lock().expect("no test panics here").push((name, tags.to_vec(), false));
    }

    fn duration(&self, name: &'static str, _: Duration, tags: Tags<'_>) {
        self.0.lock().expect("no test panics here").push((name, tags.to_vec(), true));
    }
}

#[tokio::test]
async fn opens_migrations_and_waits_are_counted() -> Result {
    let sink = Arc::new(Counts::default());
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
    let opens = sink.total(names::OPEN, &[]);
    assert!(
        sink.0
            .lock()
            .expect("no test panics here")
            .iter()
            .filter(|(name, _, timed)| *timed && *name == names::OPEN)
            .count() as u64
            >= opens
    );
    Ok(())
}

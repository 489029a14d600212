//! Several processes at once, and processes that are killed.

use std::path::Path;
use std::time::{Duration, Instant};

use threadkeep_sqlite::{DbSpec, Depth, MigrationFile, inspect};

use crate::support::{
    Error, Result, V1, V2, V3, child, child_of, count_notes, open, spec, succeeded, write_note,
};

const PROCESSES: usize = 8;

async fn race(test: &str, folder: &Path, rounds: i64) -> Result {
    let children: Vec<_> =
        (0..PROCESSES).map(|_| Ok(child(test, folder)?.spawn()?)).collect::<Result<Vec<_>>>()?;
    for child in children {
        succeeded(child)?;
    }
    let database = open(&V3, folder).await?;
    let versions = sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version");
    let versions: Vec<i64> = database.read(async |conn| versions.fetch_all(conn).await).await?;
    assert_eq!(versions, [1, 2, 3], "each migration once");
    assert_eq!(count_notes(&database).await?, rounds * PROCESSES as i64 + 1);
    assert_eq!(database.check(Depth::Full).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn eight_processes_open_one_new_file() -> Result {
    const NAME: &str = "processes::eight_processes_open_one_new_file";
    if let Some(folder) = child_of(NAME) {
        return write_note(&open(&V3, &folder).await?, "child").await;
    }
    for _ in 0..5 {
        let folder = tempfile::tempdir()?;
        let children: Vec<_> =
            (0..PROCESSES).map(|_| Ok(child(NAME, folder.path())?.spawn()?)).collect::<Result<Vec<_>>>()?;
        for child in children {
            succeeded(child)?;
        }
        assert_eq!(count_notes(&open(&V3, folder.path()).await?).await?, PROCESSES as i64);
    }
    Ok(())
}

#[tokio::test]
async fn eight_processes_open_one_old_file() -> Result {
    const NAME: &str = "processes::eight_processes_open_one_old_file";
    if let Some(folder) = child_of(NAME) {
        return write_note(&open(&V3, &folder).await?, "child").await;
    }
    for _ in 0..5 {
        let folder = tempfile::tempdir()?;
        let database = open(&V1, folder.path()).await?;
        write_note(&database, "old").await?;
        database.close().await?;
        race(NAME, folder.path(), 1).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_in_many_processes_write_and_none_sees_busy() -> Result {
    const NAME: &str = "processes::many_tasks_in_many_processes_write_and_none_sees_busy";
    const EACH: i64 = 10;
    if let Some(folder) = child_of(NAME) {
        let database = open(&V3, &folder).await?;
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let database = database.clone();
                tokio::spawn(async move {
                    for _ in 0..EACH {
                        write_note(&database, "busy").await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let database = open(&V3, folder.path()).await?;
    write_note(&database, "first").await?;
    race(NAME, folder.path(), 16 * EACH).await
}

/// One migration that takes its time: some thousand rows, and an index over them.
const fn slow(stem: &'static str) -> MigrationFile {
    MigrationFile::new(
        stem,
        "INSERT INTO notes (text) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
         SELECT 'row ' || i || hex(randomblob(20)) FROM n; PRAGMA user_version = 2;",
    )
}

static SLOW: [MigrationFile; 9] = [
    V1.migrations[0],
    V2.migrations[1],
    slow("0003_a"),
    slow("0004_b"),
    slow("0005_c"),
    slow("0006_d"),
    slow("0007_e"),
    slow("0008_f"),
    slow("0009_g"),
];
static SLOW_LINE: DbSpec = spec(&SLOW);
const ROWS: i64 = 7 * 2_000;

#[tokio::test]
async fn a_killed_migration_is_before_or_after_and_never_between() -> Result {
    const NAME: &str = "processes::a_killed_migration_is_before_or_after_and_never_between";
    if let Some(folder) = child_of(NAME) {
        open(&SLOW_LINE, &folder).await?;
        return Ok(());
    }
    let mut whole = Duration::ZERO;
    let (mut before, mut after) = (0, 0);
    for round in 0..40 {
        let folder = tempfile::tempdir()?;
        let fresh = round % 4 == 3;
        if !fresh {
            let database = open(&V2, folder.path()).await?;
            write_note(&database, "old").await?;
            database.close().await?;
        }
        let started = Instant::now();
        let mut running = child(NAME, folder.path())?.spawn()?;
        if round == 0 {
            succeeded(running)?;
            whole = started.elapsed();
        } else {
            let moment = whole.mul_f64(fastrand::f64() * 1.2);
            while started.elapsed() < moment {
                std::thread::yield_now();
            }
            running.kill()?;
            running.wait()?;
        }
        let old = i64::from(!fresh);
        let status = inspect(&SLOW_LINE, folder.path()).await;
        if let Some(schema) = &status.schema {
            match schema.applied {
                0 if fresh => before += 1,
                2 if !fresh => before += 1,
                9 => after += 1,
                between => panic!("killed at {between}"),
            }
        } else {
            assert!(fresh, "an old file stays a database: {status:?}");
            before += 1;
        }
        for threadkeep_sqlite::Snapshot { path: snapshot, .. } in
            threadkeep_sqlite::DbPaths::new(&V2, folder.path()).snapshots()?
        {
            let copy = tempfile::tempdir()?;
            std::fs::rename(snapshot, copy.path().join(V2.file_name))?;
            let copy = open(&V2, copy.path()).await?;
            assert_eq!((count_notes(&copy).await?, copy.check(Depth::Full).await?), (1, Vec::new()));
        }
        let database = open(&SLOW_LINE, folder.path()).await?;
        assert_eq!(count_notes(&database).await?, ROWS + old);
        assert_eq!(database.check(Depth::Full).await?, Vec::<String>::new());
    }
    assert!(before > 0 && after > 0, "kills on both sides: {before} before, {after} after");
    Ok(())
}

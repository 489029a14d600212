//! `cargo xtask bench decisions`: the cost of keeping the user's decisions in a file, of restoring
//! them, and of a snapshot while another task writes.
//!
//! Every figure is compared with another of the same run: a commit with the file with
//! the same commit without it, a restored index with an empty one, and the longest commit during a
//! snapshot with the longest one before it.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod common;
mod threads;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::{Args, Parser as _, Result, median, row};
use jiff::Timestamp;
use threadkeep_sqlite::{Database, DbError, DbKind, DbSpec, Durability, OpenOptions};
use threadkeep_state::{STATE_DB, StateOptions, StateRuntime};

/// Most time that the file may cost an edit.
const EDIT: Duration = Duration::from_millis(1);
/// Most time that the file may cost a commit without an edit: two statements' time.
const NO_EDIT: Duration = Duration::from_micros(100);
/// Most time for restoring all decisions.
const RESTORE: Duration = Duration::from_millis(200);
/// Most time that a commit may wait for a snapshot.
const SNAPSHOT: Duration = Duration::from_millis(50);

/// Decisions to restore: names, archive marks, deletions and closings.
const DECISIONS: usize = 10_000;
/// Pause between two commits of the writer.
const PAUSE: Duration = Duration::from_millis(3);

/// The index before it had decisions: neither triggers nor a file.
static WITHOUT: DbSpec = DbSpec::new(
    "without",
    STATE_DB.file_name,
    DbKind::Rebuildable,
    STATE_DB.application_id,
    STATE_DB.migrations.split_at(2).0,
);

const RENAME: &str = "UPDATE threads SET user_name = 'name ' || ?1, user_named_at_ms = ?1 \
     WHERE id = (SELECT id FROM threads ORDER BY id LIMIT 1 OFFSET ?1 % 100)";
const TOUCH: &str = "UPDATE threads SET updated_at_ms = updated_at_ms + 1 \
     WHERE id = (SELECT id FROM threads ORDER BY id LIMIT 1 OFFSET ?1 % 100)";

#[tokio::main]
async fn main() -> Result {
    let args = Args::parse();
    let (threads, rounds) = (args.size.unwrap_or(100_000), args.rounds.unwrap_or(301));
    let mut misses = edits(rounds).await?;
    misses.extend(restore(rounds.clamp(1, 7)).await?);
    misses.extend(snapshot(threads).await?);
    if misses.is_empty() { Ok(()) } else { Err(misses.join("; ").into()) }
}

/// Returns a description of a figure above its limit.
fn miss(name: &str, measured: Duration, limit: Duration) -> Option<String> {
    (measured > limit).then(|| format!("{name}: {measured:.2?}, and at most {limit:?}"))
}

fn show(value: Duration) -> String {
    format!("{value:.2?}")
}

async fn write(db: &Database, durability: Durability, sql: &'static str, number: i64) -> Result<Duration> {
    let begun = Instant::now();
    db.write::<_, DbError>(durability, async |conn| {
        sqlx::query(sql).bind(number).execute(conn).await?;
        Ok(())
    })
    .await?;
    Ok(begun.elapsed())
}

/// Measures commits of an index with the file and of one without it, in turn.
async fn edits(rounds: usize) -> Result<Vec<String>> {
    let (with, without) = (tempfile::tempdir()?, tempfile::tempdir()?);
    threads::index(with.path(), 1_000).await?.close().await?;
    let with = Database::open(&STATE_DB, with.path(), &OpenOptions::new()).await?;
    let without = Database::open(&WITHOUT, without.path(), &OpenOptions::new()).await?;
    let copy = format!("ATTACH '{}' AS other", with.path().display());
    let columns = "SELECT group_concat(name) FROM pragma_table_info('threads')";
    let columns: String =
        without.read(async |conn| sqlx::query_scalar(columns).fetch_one(conn).await).await?;
    let fill = format!("INSERT INTO threads ({columns}) SELECT {columns} FROM other.threads");
    let mut conn = <sqlx::SqliteConnection as sqlx::Connection>::connect(&format!(
        "sqlite:{}",
        without.path().display()
    ))
    .await?;
    for sql in [copy, fill] {
        sqlx::Executor::execute(&mut conn, sqlx::AssertSqlSafe(sql)).await?;
    }
    sqlx::Connection::close(conn).await?;

    println!("commits, median of {rounds}\n");
    row("", ["with the file", "without it", "difference", "ratio"]);
    let mut misses = Vec::new();
    for (name, durability, sql, limit) in [
        ("a name", Durability::Durable, RENAME, EDIT),
        ("no decision, durable", Durability::Durable, TOUCH, NO_EDIT),
        ("no decision", Durability::Usual, TOUCH, NO_EDIT),
    ] {
        let mut times = [Vec::new(), Vec::new()];
        for number in 0..rounds as i64 {
            times[0].push(write(&with, durability, sql, number).await?);
            times[1].push(write(&without, durability, sql, number).await?);
        }
        let [with, without] = times.map(median);
        let more = with.saturating_sub(without);
        let ratio = format!("{:.2}", with.as_secs_f64() / without.as_secs_f64());
        row(name, [show(with), show(without), show(more), ratio]);
        misses.extend(miss(name, more, limit));
    }
    with.close().await?;
    without.close().await?;
    Ok(misses)
}

/// Measures opening an index that was deleted and left a file of decisions.
async fn restore(rounds: usize) -> Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    threads::index(folder.path(), DECISIONS).await?.close().await?;
    let db = Database::open(&STATE_DB, folder.path(), &OpenOptions::new()).await?;
    let numbered = "WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) % 10 AS n FROM threads)";
    db.write::<_, DbError>(Durability::Durable, async |conn| {
        for change in [
            "UPDATE threads SET user_name = 'my name of ' || id, user_named_at_ms = 1795353796000 \
             WHERE id IN (SELECT id FROM numbered WHERE n < 4)",
            "UPDATE threads SET user_archived = 1, user_archived_at_ms = 1795353796000 \
             WHERE id IN (SELECT id FROM numbered WHERE n IN (4, 5))",
            "INSERT INTO agents (thread_id, closed_by, created_at_ms, updated_at_ms) \
             SELECT id, id, 1795353796000, 1795353797000 FROM numbered WHERE n IN (6, 7)",
            "INSERT INTO tombstones (thread_id, deleted_at_ms) \
             SELECT id, 1795353796000 FROM numbered WHERE n > 7",
        ] {
            sqlx::query(sqlx::AssertSqlSafe(format!("{numbered} {change}"))).execute(&mut *conn).await?;
        }
        Ok(())
    })
    .await?;
    db.close().await?;

    let empty = tempfile::tempdir()?;
    let (mut restored, mut created) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        remove(folder.path())?;
        restored.push(open(folder.path()).await?);
        remove(empty.path())?;
        created.push(open(empty.path()).await?);
    }
    let db = Database::open(&STATE_DB, folder.path(), &OpenOptions::new()).await?;
    let found = db.decisions().await?;
    db.close().await?;
    if (found.in_database, found.in_file, found.different) != (DECISIONS, DECISIONS, 0) {
        return Err(format!("not all was restored: {found:?}").into());
    }
    let (restored, created) = (median(restored), median(created));
    println!("\nopening after the index was deleted, median of {rounds}\n");
    let name = format!("{DECISIONS} decisions");
    row("", [&name, "none", "difference"]);
    row("open", [show(restored), show(created), show(restored - created)]);
    Ok(miss("restoring", restored - created, RESTORE).into_iter().collect())
}

fn remove(folder: &Path) -> Result {
    for end in ["", "-wal", "-shm"] {
        match std::fs::remove_file(folder.join(format!("{}{end}", STATE_DB.file_name))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

async fn open(folder: &Path) -> Result<Duration> {
    let options = StateOptions::new(folder).open_options(OpenOptions::new().recover(|_, _| ()));
    let begun = Instant::now();
    let state = StateRuntime::open(&options).await?;
    let opened = begun.elapsed();
    state.close().await?;
    Ok(opened)
}

/// Measures the longest commit while a snapshot is taken, and the longest of as many without one.
async fn snapshot(threads: usize) -> Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    threads::index(folder.path(), threads).await?.close().await?;
    let db = Database::open(&STATE_DB, folder.path(), &OpenOptions::new()).await?;
    println!("\nsnapshots of {threads} threads while a task commits\n");
    row("", ["taken in", "commits", "longest", "longest without"]);
    let mut waits = Vec::new();
    for (name, durability) in [("usual commits", Durability::Usual), ("durable commits", Durability::Durable)]
    {
        let done = Arc::new(AtomicBool::new(false));
        let writer = tokio::spawn(commits(db.clone(), durability, Arc::clone(&done), None));
        let begun = Instant::now();
        let path = db.keep_snapshot(Timestamp::now(), 1).await?;
        let taken = begun.elapsed();
        done.store(true, Ordering::Relaxed);
        let during = writer.await??;
        std::fs::remove_file(path)?;
        let without = commits(db.clone(), durability, done, Some(during.len())).await?;
        let [longest, usual] =
            [&during, &without].map(|times| times.iter().max().copied().unwrap_or_default());
        row(name, [show(taken), during.len().to_string(), show(longest), show(usual)]);
        waits.push((name, longest.saturating_sub(usual)));
    }
    db.close().await?;
    Ok(waits.into_iter().filter_map(|(name, wait)| miss(name, wait, SNAPSHOT)).collect())
}

/// Commits with a pause in between, a number of times or until it is done. Returns the times.
async fn commits(
    db: Database,
    durability: Durability,
    done: Arc<AtomicBool>,
    number: Option<usize>,
) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    while number.map_or_else(|| !done.load(Ordering::Relaxed), |number| times.len() < number) {
        times.push(write(&db, durability, TOUCH, times.len() as i64).await?);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(times)
}

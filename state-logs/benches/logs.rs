//! `cargo xtask bench logs`: rows a second of the log writer, compared with rusqlite on the same
//! rows and schema, and the bytes that it writes for each logged byte.
//!
//! Both commit prepared rows in batches of the same size. The limit is 128-row multi-VALUES in one
//! transaction a batch, without retention. Both take turns, so that they meet the same disk; the
//! median is printed.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "../../state/benches/common/mod.rs"]
mod common;

use std::path::Path;
use std::time::Instant;

use common::{Args, Parser as _, Result, median, rate, row};
use jiff::Timestamp;
use rusqlite::{Connection, params_from_iter, types::Value};
use threadkeep_sqlite::OpenOptions;
use threadkeep_state_logs::{Keep, Level, LogOptions, LogStore, NewRow};
use uuid::Uuid;

/// Least acceptable part of rusqlite's rate.
const LEAST: f64 = 0.5;
/// Rows of one statement of the limit.
const VALUES: usize = 128;
/// Threads that log at once.
const THREADS: u64 = 8;
const FOREVER: Keep = Keep { rows: u64::MAX, bytes: u64::MAX };

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let args = Args::parse();
    let (count, rounds) = (args.size.unwrap_or(20_480), args.rounds.unwrap_or(7));
    let batch = LogOptions::default().batch_rows;
    let rows: Vec<NewRow> = (0..count as u64).map(|number| new_row(number, THREADS)).collect();
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let folder = tempfile::tempdir()?;
        let store = LogStore::new(folder.path(), &OpenOptions::new());
        let path = store.database().get().await?.path().to_owned();
        ours.push(append(&store, &rows, batch, FOREVER).await?);
        store.close().await?;
        limit.push(insert(&path, batch)?);
    }
    let (ours, limit) = (median(ours), median(limit));
    let ratio = ours / limit;
    println!("{count} rows in commits of {batch}, median of {rounds} rounds\n");
    row("", ["rows/s"]);
    row("the writer", [format!("{ours:.0}")]);
    row("rusqlite, 128-row VALUES", [format!("{limit:.0}")]);
    row("ratio", [format!("{ratio:.2}")]);

    println!();
    row("full partitions", ["rows/s", "bytes/byte"]);
    for threads in [1, THREADS] {
        let (rate, written) = steady(count as u64, batch, threads).await?;
        let written = written.map_or_else(|| "unknown".to_owned(), |written| format!("{written:.2}"));
        row(&format!("the writer, of {threads} logging at once"), [format!("{rate:.0}"), written]);
    }
    if ratio < LEAST {
        return Err(format!("the writer is below {LEAST} of rusqlite").into());
    }
    Ok(())
}

const THREAD: u128 = 0x01a2_036c_de71_77f1_a9e3_0000_0000_0000;

/// Makes a row as an agent logs it: about 300 bytes, a few in a row of each thread.
fn new_row(number: u64, threads: u64) -> NewRow {
    let call = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    NewRow {
        thread_id: Some(Uuid::from_u128(THREAD + u128::from(number / 3 * 7 % threads))),
        process_id: Some(Uuid::from_u128(0x7d0f_1a52_4a3e_4c59_8f0e_1f2a_3b4c_5d6e)),
        at: Timestamp::from_millisecond(1_795_353_796_213 + number as i64 * 7)
            .expect("a time of this century"),
        level: Level::Info,
        target: "agent::exec".to_owned(),
        message: format!(
            "command finished: cargo test {} ({number})",
            "and what it was about ".repeat(call as usize % 6)
        ),
        fields: Some(format!("{{\"call_id\":\"{call:016x}\",\"duration_ms\":{}}}", call % 10_000)),
        spans: Some(format!("[{{\"name\":\"turn\",\"fields\":{{\"turn\":{}}}}}]", number / 100)),
        module: Some("agent::exec".to_owned()),
        file: Some("agent/src/exec.rs".to_owned()),
        line: Some(u32::try_from(call % 900).unwrap_or(0)),
        is_cut: false,
    }
}

/// Writes rows as the writer's thread does. Returns its rate.
async fn append(store: &LogStore, rows: &[NewRow], batch: usize, keep: Keep) -> Result<f64> {
    let begun = Instant::now();
    for batch in rows.chunks(batch) {
        store.append(batch, keep, 0).await?;
    }
    Ok(rate(rows.len(), begun))
}

/// Deletes the rows of a database, and writes them again by rusqlite. Returns its rate.
fn insert(path: &Path, batch: usize) -> Result<f64> {
    let database = Connection::open(path)?;
    database.execute_batch(
        "PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON; \
         PRAGMA cell_size_check = ON; PRAGMA journal_size_limit = 67108864; PRAGMA trusted_schema = OFF;",
    )?;
    let mut all = database.prepare("SELECT * FROM log_rows ORDER BY id")?;
    let width = all.column_count();
    let all = all.query_map([], |row| (0..width).map(|column| row.get(column)).collect())?;
    let all: Vec<Vec<Value>> = all.collect::<rusqlite::Result<_>>()?;
    database.execute_batch("DELETE FROM log_rows; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")?;
    let row = format!("({})", vec!["?"; width].join(", "));
    let sql = |rows| format!("INSERT INTO log_rows VALUES {}", vec![&*row; rows].join(", "));
    // Prepared once, as the writer's are.
    let mut whole = database.prepare(&sql(VALUES))?;
    let begun = Instant::now();
    for batch in all.chunks(batch) {
        database.execute_batch("BEGIN IMMEDIATE")?;
        for part in batch.chunks(VALUES) {
            // As much copying as a program has that makes its values from rows.
            let values = params_from_iter(part.iter().flatten().cloned());
            match part.len() {
                VALUES => whole.execute(values)?,
                rows => database.execute(&sql(rows), values)?,
            };
        }
        database.execute_batch("COMMIT")?;
    }
    Ok(rate(all.len(), begun))
}

/// Writes rows to partitions that are full: rows a second, and bytes written per byte logged,
/// checkpoint included.
async fn steady(count: u64, batch: usize, threads: u64) -> Result<(f64, Option<f64>)> {
    let folder = tempfile::tempdir()?;
    let store = LogStore::new(folder.path(), &OpenOptions::new());
    let options = LogOptions::default();
    let keep = Keep { rows: options.keep_rows, bytes: options.keep_bytes };
    let full = threads * keep.rows * 11 / 10;
    let rows: Vec<NewRow> = (0..full + count).map(|number| new_row(number, threads)).collect();
    let (before, after) = rows.split_at(full as usize);
    append(&store, before, batch, keep).await?;
    store.database().get().await?.checkpoint().await?;
    let logged: u64 = after.iter().map(NewRow::bytes).sum();
    let written_before = written_by_process();
    let rate = append(&store, after, batch, keep).await?;
    store.database().get().await?.checkpoint().await?;
    let written = written_by_process().zip(written_before).map(|(now, before)| now - before);
    store.close().await?;
    Ok((rate, written.map(|written| written as f64 / logged as f64)))
}

/// Returns the bytes that this process has written to any file; `None` on systems without a count.
fn written_by_process() -> Option<u64> {
    let counters = std::fs::read_to_string("/proc/self/io").ok()?;
    counters.lines().find_map(|line| line.strip_prefix("wchar: "))?.trim().parse().ok()
}

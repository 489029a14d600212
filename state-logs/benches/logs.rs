//! `cargo xtask bench logs`: rows a second of the log writer, compared with rusqlite on the same
//! rows and schema, and the bytes that it writes for each logged byte.
//!
//! Both commit prepared rows in batches of the same size. The limit is 128-row multi-VALUES in one
//! transaction a batch, without retention. Both take turns, so that they meet the same disk; the
//! median is printed.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use jiff::Timestamp;
use rusqlite::{Connection, params_from_iter, types::Value};
use threadkeep_sqlite::OpenOptions;
use threadkeep_state_logs::{Keep, Level, LogOptions, LogStore, NewRow};
use uuid::Uuid;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Least acceptable part of rusqlite's rate.
const LEAST: f64 = 0.5;
/// Rows of one statement of the limit.
const VALUES: usize = 128;
/// Threads that log at once.
const THREADS: u64 = 8;

/// Writes the same rows by the log writer and by rusqlite.
#[derive(Parser)]
struct Args {
    /// Rows of one round.
    #[arg(long, default_value_t = 20_480)]
    rows: u64,
    /// Rows of one commit.
    #[arg(long, default_value_t = LogOptions::default().batch_rows)]
    batch: usize,
    /// Rounds; the median is printed.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Given by `cargo bench`; ignored.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rows: Vec<NewRow> = (0..args.rows).map(row).collect();
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        ours.push(runtime.block_on(append(&rows, args.batch))?);
        limit.push(runtime.block_on(insert(&rows, args.batch))?);
    }
    let rate = |times| args.rows as f64 / median(times).as_secs_f64();
    let (ours, limit) = (rate(ours), rate(limit));
    let ratio = ours / limit;
    println!("{} rows in commits of {}, median of {} rounds\n", args.rows, args.batch, args.rounds);
    println!("{:<44} {:>12}", "", "rows/s");
    println!("{:<44} {ours:>12.0}", "the writer");
    println!("{:<44} {limit:>12.0}", "rusqlite, 128-row VALUES");
    println!("{:<44} {ratio:>12.2}", "ratio");

    println!("\n{:<44} {:>12} {:>12}", "full partitions", "rows/s", "bytes/byte");
    for threads in [1, THREADS] {
        let (rate, written) = runtime.block_on(steady(args.rows, args.batch, threads))?;
        let written = written.map_or_else(|| "unknown".to_owned(), |written| format!("{written:.2}"));
        println!("{:<44} {rate:>12.0} {written:>12}", format!("the writer, of {threads} logging at once"));
    }
    if ratio < LEAST {
        println!("\nthe writer is below {LEAST} of rusqlite");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes a row as an agent logs it: about 300 bytes, a few in a row of each thread.
fn row(number: u64) -> NewRow {
    let call = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    NewRow {
        thread_id: Some(thread(number / 3 * 7 % THREADS)),
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

fn thread(number: u64) -> Uuid {
    Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_0000_0000_0000 + u128::from(number))
}

/// Writes rows as the writer's thread does, into a new database.
async fn append(rows: &[NewRow], batch: usize) -> Result<Duration> {
    let folder = tempfile::tempdir()?;
    let store = LogStore::new(folder.path(), &OpenOptions::new());
    store.database().get().await?;
    let keep = Keep { rows: u64::MAX, bytes: u64::MAX };
    let start = Instant::now();
    for batch in rows.chunks(batch) {
        store.append(batch, keep, 0).await?;
    }
    let time = start.elapsed();
    store.close().await?;
    Ok(time)
}

/// Writes them by rusqlite, into a database of the same schema and pragmas, whose partitions are
/// there.
async fn insert(rows: &[NewRow], batch: usize) -> Result<Duration> {
    let folder = tempfile::tempdir()?;
    let store = LogStore::new(folder.path(), &OpenOptions::new());
    let path = store.database().get().await?.path().to_owned();
    store.close().await?;
    let database = connect(&path)?;
    for number in 0..THREADS {
        let sql = "INSERT INTO log_partitions (id, thread_id, process_id) VALUES (?1, ?2, '')";
        database.execute(sql, (number as i64 + 1, thread(number).to_string()))?;
    }
    let row = format!("({})", vec!["?"; 14].join(", "));
    let sql = |rows: usize| {
        let columns = "place, id, at_ms, level, target, message, fields, spans, process_id, module, file, line, is_cut, bytes";
        format!("INSERT INTO log_rows ({columns}) VALUES {}", vec![row.as_str(); rows].join(", "))
    };
    // Prepared once, as the writer's are.
    let mut whole = database.prepare(&sql(VALUES))?;
    let start = Instant::now();
    let mut id = 0;
    for batch in rows.chunks(batch) {
        database.execute_batch("BEGIN IMMEDIATE")?;
        for part in batch.chunks(VALUES) {
            let mut values = Vec::with_capacity(part.len() * 14);
            for row in part {
                id += 1;
                values.extend(columns(row, id));
            }
            let values = params_from_iter(values);
            match part.len() {
                VALUES => whole.execute(values)?,
                rows => database.execute(&sql(rows), values)?,
            };
        }
        database.execute_batch("COMMIT")?;
    }
    Ok(start.elapsed())
}

fn connect(path: &Path) -> Result<Connection> {
    let database = Connection::open(path)?;
    database.execute_batch(
        "PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON; \
         PRAGMA cell_size_check = ON; PRAGMA journal_size_limit = 67108864; PRAGMA trusted_schema = OFF;",
    )?;
    Ok(database)
}

fn columns(row: &NewRow, id: i64) -> [Value; 14] {
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
    let thread = row.thread_id.map_or(0, |id| id.as_u128() as u8);
    [
        (((i64::from(thread) + 1) << 35) + id).into(),
        id.into(),
        row.at.as_millisecond().into(),
        3.into(),
        row.target.clone().into(),
        row.message.clone().into(),
        text(&row.fields),
        text(&row.spans),
        row.process_id.map(|id| id.to_string()).into(),
        text(&row.module),
        text(&row.file),
        row.line.into(),
        i64::from(row.is_cut).into(),
        (row.bytes() as i64).into(),
    ]
}

/// Writes rows to partitions that are full: rows a second, and bytes written per byte logged,
/// checkpoint included.
async fn steady(count: u64, batch: usize, threads: u64) -> Result<(f64, Option<f64>)> {
    let folder = tempfile::tempdir()?;
    let store = LogStore::new(folder.path(), &OpenOptions::new());
    let options = LogOptions::default();
    let keep = Keep { rows: options.keep_rows, bytes: options.keep_bytes };
    let full = threads * keep.rows * 11 / 10;
    let of = |number: u64| NewRow { thread_id: Some(thread(number / 3 * 7 % threads)), ..row(number) };
    let rows: Vec<NewRow> = (0..full + count).map(of).collect();
    let (before, after) = rows.split_at(full as usize);
    for batch in before.chunks(batch) {
        store.append(batch, keep, 0).await?;
    }
    store.database().get().await?.checkpoint().await?;
    let logged: u64 = after.iter().map(NewRow::bytes).sum();
    let written_before = written_by_process();
    let start = Instant::now();
    for batch in after.chunks(batch) {
        store.append(batch, keep, 0).await?;
    }
    let rate = count as f64 / start.elapsed().as_secs_f64();
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

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

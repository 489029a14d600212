//! Bytes that logging writes: at most a multiple of the logged bytes.

use std::path::Path;

use threadkeep_sqlite::OpenOptions;
use threadkeep_state_logs::{LogOptions, LogStore, LogWriter};
use tracing::{info, info_span};
use uuid::Uuid;

use crate::support::{Result, block_on, child, child_of, patient};

/// The most bytes that are written for a byte that is logged.
const BUDGET: f64 = 6.0;
const ROWS: u64 = 20_000;
/// Threads that log at once, each of them full. The process itself is one more.
const THREADS: u64 = 8;

/// Returns the bytes that this process has written so far, to any file.
fn written_by_process() -> Result<u64> {
    let counters = std::fs::read_to_string("/proc/self/io")?;
    let written = counters.lines().find_map(|line| line.strip_prefix("wchar: ")).ok_or("no count")?;
    Ok(written.parse()?)
}

fn log(numbers: std::ops::Range<u64>) {
    for number in numbers {
        // A few lines of one thread and then some of another, as agents do.
        let thread = number / 3 * 7 % (THREADS + 1);
        let say = || {
            let call = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            info!(
                call_id = format!("{call:016x}"),
                duration_ms = call % 10_000,
                exit_code = 0,
                "command finished: cargo test --package number-{number} {}",
                "and what it was about ".repeat(number as usize % 6)
            );
        };
        match thread {
            0 => say(),
            _ => info_span!("turn", thread_id = %Uuid::from_u128(thread.into()), turn = number / 100)
                .in_scope(say),
        }
    }
}

/// Logs rows, a part at a time, so that none finds the queue full.
fn log_all(writer: &LogWriter, numbers: std::ops::Range<u64>) {
    for start in numbers.clone().step_by(2_048) {
        log(start..numbers.end.min(start + 2_048));
        block_on(writer.flush()).expect("it can be written");
    }
}

async fn measure(folder: &Path) -> Result {
    let store = LogStore::new(folder, &OpenOptions::new());
    let (layer, writer) = LogWriter::start(&store, LogOptions { keep_rows: 1_000, ..patient() })?;
    let subscriber = tracing_subscriber::layer::SubscriberExt::with(tracing_subscriber::registry(), layer);
    let dispatch = tracing::Dispatch::new(subscriber);
    let full = (THREADS + 1) * 1_100;
    tracing::dispatcher::with_default(&dispatch, || log_all(&writer, 0..full));
    store.database().get().await?.checkpoint().await?;
    let before = store.inventory().await?.ok_or("no database")?;
    assert_eq!(before.rows, (THREADS + 1) * 1_000, "every partition is full");
    let from = written_by_process()?;
    tracing::dispatcher::with_default(&dispatch, || log_all(&writer, full..full + ROWS));
    store.database().get().await?.checkpoint().await?;
    let written = written_by_process()? - from;
    let after = store.inventory().await?.ok_or("no database")?;
    let logged = after.logged_bytes - before.logged_bytes;
    let ratio = written as f64 / logged as f64;
    assert_eq!(writer.dropped(), 0);
    assert!(ratio <= BUDGET, "{logged} bytes logged, {written} written: {ratio:.2}");
    writer.close().await?;
    Ok(store.close().await?)
}

#[tokio::test]
async fn twenty_thousand_rows_stay_within_the_budget() -> Result {
    const NAME: &str = "budget::twenty_thousand_rows_stay_within_the_budget";
    if let Some(folder) = child_of(NAME) {
        return measure(&folder).await;
    }
    if !cfg!(target_os = "linux") {
        // No other system counts the bytes that a process writes.
        return Ok(());
    }
    // Alone in a process, so that no other test's writes are counted.
    let folder = tempfile::tempdir()?;
    let output = child(NAME, folder.path())?.output()?;
    println!("{}", String::from_utf8_lossy(&output.stdout));
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
    }
}

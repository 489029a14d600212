//! `cargo xtask bench backfill`: indexes a home of many rollouts and compares it with counting
//! their newlines.
//!
//! Every measurement is a process of its own, and so is its peak memory. The page cache is warm in
//! all of them: the count runs once before it is timed.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its figures")]

mod home;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use threadkeep_backfill::Backfill;
use threadkeep_rollout::AgentHome;
use threadkeep_state::backfill::{BackfillPorts, BackfillReport, IndexOptions};
use threadkeep_state::{StateOptions, StateRuntime};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Indexes a home of many rollouts and compares it with counting their newlines.
#[derive(Parser)]
struct Args {
    /// Number of rollouts.
    #[arg(long, default_value_t = 10_000)]
    files: usize,
    /// The seed of the home: the same seed makes the same home.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of measurements of each kind; the median is printed.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Folder in which the home is made and left, to be used again. Default: a temporary one.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Runs one measurement. The program starts itself with this.
    #[arg(long, hide = true, num_args = 3, value_names = ["ROLE", "HOME", "SQLITE_HOME"])]
    child: Option<Vec<String>>,
    /// Given by `cargo bench`, and of no meaning here.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    if let Some(child) = &args.child {
        return measure(&child[0], Path::new(&child[1]), Path::new(&child[2]));
    }
    let temporary = tempfile::tempdir()?;
    let home = args.keep.clone().unwrap_or_else(|| temporary.path().join("home"));
    let made = home::make(&home, args.files, args.seed)?;
    println!("{} rollouts, {:.0} MB, seed {}\n", made.files, made.bytes as f64 / 1e6, args.seed);

    child("count", &home, temporary.path())?;
    let mut rounds: [Vec<Measured>; 4] = Default::default();
    for round in 0..args.rounds {
        let sqlite_home = temporary.path().join(format!("sqlite-{round}"));
        std::fs::create_dir(&sqlite_home)?;
        rounds[0].push(child("count", &home, &sqlite_home)?);
        rounds[1].push(child("backfill", &home, &sqlite_home)?);
        rounds[2].push(child("backfill", &home, &sqlite_home)?);
        append_a_line(&made.some_file)?;
        rounds[3].push(child("backfill", &home, &sqlite_home)?);
        std::fs::remove_dir_all(&sqlite_home)?;
    }
    let limit = median(&rounds[0]).elapsed.as_secs_f64();
    println!("{:<28} {:>9} {:>9} {:>9} {:>9} {:>9}", "", "ms", "ratio", "rows/s", "MB/s", "peak MiB");
    for (name, measured) in
        ["count newlines (limit)", "first backfill", "nothing changed", "one file appended"]
            .iter()
            .zip(&rounds)
    {
        let median = median(measured);
        let seconds = median.elapsed.as_secs_f64();
        println!(
            "{name:<28} {:>9.1} {:>9.2} {:>9.0} {:>9.0} {:>9.1}",
            seconds * 1e3,
            seconds / limit,
            made.files as f64 / seconds,
            made.bytes as f64 / 1e6 / seconds,
            median.peak_kib as f64 / 1024.0,
        );
    }
    Ok(())
}

/// One measurement.
#[derive(Clone, Copy)]
struct Measured {
    elapsed: Duration,
    peak_kib: u64,
}

fn median(measured: &[Measured]) -> Measured {
    let mut sorted = measured.to_vec();
    sorted.sort_by_key(|measured| measured.elapsed);
    sorted[sorted.len() / 2]
}

/// Measures in a process of its own.
fn child(role: &str, home: &Path, sqlite_home: &Path) -> Result<Measured> {
    let output = Command::new(std::env::current_exe()?)
        .arg("--child")
        .args([Path::new(role), home, sqlite_home])
        .stderr(std::process::Stdio::inherit())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut words = text.split_whitespace();
    let mut number = || -> Result<u64> { Ok(words.next().ok_or("the child printed nothing")?.parse()?) };
    Ok(Measured { elapsed: Duration::from_nanos(number()?), peak_kib: number()? })
}

fn measure(role: &str, home: &Path, sqlite_home: &Path) -> Result<()> {
    let start = Instant::now();
    if role == "count" {
        std::hint::black_box(count_newlines(home)?);
    } else {
        let report = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(backfill(home, sqlite_home))?;
        eprintln!("  {} indexed, {} unchanged, {} failed", report.indexed, report.unchanged, report.failed);
    }
    println!("{} {}", start.elapsed().as_nanos(), peak_kib());
    Ok(())
}

/// Does the same as `threadkeep backfill`, from opening the database to closing it.
async fn backfill(home: &Path, sqlite_home: &Path) -> Result<BackfillReport> {
    let home = AgentHome::open(home)?;
    let state = StateRuntime::open(&StateOptions::new(sqlite_home)).await?;
    let BackfillPorts { source, index, progress, .. } =
        state.backfill_ports(&home, IndexOptions::default())?;
    let engine = Backfill::new(Arc::new(source), Arc::new(index), Arc::new(progress));
    let report = engine.run(|_| ()).await?;
    state.close().await?;
    Ok(report)
}

/// The plainest way to look at every byte: walk, open, read, count.
fn count_newlines(folder: &Path) -> Result<u64> {
    let mut buffer = vec![0; 256 * 1024];
    let mut folders = vec![folder.to_owned()];
    let mut newlines = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
                continue;
            }
            let mut file = std::fs::File::open(entry.path())?;
            loop {
                let read = file.read(&mut buffer)?;
                if read == 0 {
                    break;
                }
                newlines += memchr::memchr_iter(b'\n', &buffer[..read]).count() as u64;
            }
        }
    }
    Ok(newlines)
}

fn append_a_line(file: &Path) -> Result<()> {
    let line = br#"{"timestamp":"2026-11-22T14:00:00.000Z","type":"event_msg","payload":{"type":"agent_message","message":"one more"}}"#;
    let mut file = std::fs::OpenOptions::new().append(true).open(file)?;
    file.write_all(line)?;
    Ok(file.write_all(b"\n")?)
}

/// The most memory that this process has held, in KiB; 0 where the system does not say.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

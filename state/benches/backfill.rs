//! `cargo xtask bench backfill`: indexes a home of many rollouts and compares it with counting
//! their newlines.
//!
//! Every measurement is a process of its own, and so is its peak memory. The page cache is warm in
//! all of them: the count runs once before it is timed.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its figures")]

mod common;
mod home;
#[path = "common/passes.rs"]
mod passes;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use common::{Args, Parser as _, Result, median, row};
use passes::{child, count_newlines, peak_kib};
use threadkeep_backfill::Backfill;
use threadkeep_rollout::AgentHome;
use threadkeep_state::backfill::{BackfillPorts, IndexOptions};
use threadkeep_state::{StateOptions, StateRuntime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let args = Args::parse();
    if let [role, home, sqlite_home] = &args.child[..] {
        return measure(role, Path::new(home), Path::new(sqlite_home)).await;
    }
    let (files, rounds) = (args.size.unwrap_or(10_000), args.rounds.unwrap_or(5));
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    let (bytes, some_file) = home::make(&home, files)?;
    let megabytes = bytes as f64 / 1e6;
    println!("{files} rollouts, {megabytes:.0} MB\n");

    child("count", &home, folder.path())?;
    let mut measured: [Vec<(f64, f64)>; 4] = Default::default();
    for round in 0..rounds {
        let sqlite_home = folder.path().join(format!("sqlite-{round}"));
        std::fs::create_dir(&sqlite_home)?;
        measured[0].push(child("count", &home, &sqlite_home)?);
        measured[1].push(child("backfill", &home, &sqlite_home)?);
        measured[2].push(child("backfill", &home, &sqlite_home)?);
        append_a_line(&some_file)?;
        measured[3].push(child("backfill", &home, &sqlite_home)?);
        std::fs::remove_dir_all(&sqlite_home)?;
    }
    let medians = measured.map(median);
    row("", ["ms", "ratio", "rows/s", "MB/s", "peak MiB"]);
    let names = ["count newlines (limit)", "first backfill", "nothing changed", "one file appended"];
    for (name, (seconds, peak_kib)) in names.into_iter().zip(medians) {
        let ratio = seconds / medians[0].0;
        let rates = [files as f64 / seconds, megabytes / seconds].map(|rate| format!("{rate:.0}"));
        let others = [seconds * 1e3, peak_kib / 1024.0].map(|figure| format!("{figure:.1}"));
        row(name, [&others[0], &format!("{ratio:.2}"), &rates[0], &rates[1], &others[1]]);
    }
    Ok(())
}

async fn measure(role: &str, home: &Path, sqlite_home: &Path) -> Result {
    let begun = Instant::now();
    if role == "count" {
        std::hint::black_box(count_newlines(home)?);
    } else {
        backfill(home, sqlite_home).await?;
    }
    println!("{} {}", begun.elapsed().as_secs_f64(), peak_kib());
    Ok(())
}

/// Does the same as `threadkeep backfill`, from opening the database to closing it.
async fn backfill(home: &Path, sqlite_home: &Path) -> Result {
    let home = AgentHome::open(home)?;
    let state = StateRuntime::open(&StateOptions::new(sqlite_home)).await?;
    let BackfillPorts { source, index, progress, .. } =
        state.backfill_ports(&home, IndexOptions::default())?;
    let engine = Backfill::new(Arc::new(source), Arc::new(index), Arc::new(progress));
    let report = engine.run(|_| ()).await?;
    state.close().await?;
    eprintln!("  {} indexed, {} unchanged, {} failed", report.indexed, report.unchanged, report.failed);
    Ok(())
}

fn append_a_line(file: &Path) -> Result {
    let line = br#"{"timestamp":"2026-11-22T14:00:00.000Z","type":"event_msg","payload":{"type":"agent_message","message":"one more"}}"#;
    let mut file = std::fs::OpenOptions::new().append(true).open(file)?;
    file.write_all(line)?;
    Ok(file.write_all(b"\n")?)
}

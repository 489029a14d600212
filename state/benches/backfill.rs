//! `cargo xtask bench backfill`: indexes a home of many rollouts and compares it with counting
//! their newlines.
//!
//! Every measurement is a process of its own, and so is its peak memory. The page cache is warm in
//! all of them: the count runs once before it is timed.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its figures")]

mod common;
mod home;

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use common::{Args, Parser as _, Result, median, row};
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

/// Measures in a process of its own. Returns seconds and the peak of its memory in KiB.
fn child(role: &str, home: &Path, sqlite_home: &Path) -> Result<(f64, f64)> {
    let output = Command::new(std::env::current_exe()?)
        .arg("--child")
        .args([Path::new(role), home, sqlite_home])
        .stderr(std::process::Stdio::inherit())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let (seconds, peak_kib) = text.trim_end().split_once(' ').ok_or("the child printed no figures")?;
    Ok((seconds.parse()?, peak_kib.parse()?))
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

fn append_a_line(file: &Path) -> Result {
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

//! `cargo xtask bench agents`: indexes the stores of all agents, and compares that with counting
//! the newlines of the same files. Adds up the tokens by agent.
//!
//! Every measurement of a pass is a process of its own, and so is its peak memory. The page cache
//! is warm in all of them.
//!
//! ext4 does not reuse inodes that were freed in the last minutes, and looks at each of them again
//! for every new file: run the bench five minutes after the last one, whose files are removed.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its figures")]

mod common;
#[path = "common/passes.rs"]
mod passes;
mod stores;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use common::{Args, Parser as _, Result, median, row};
use passes::{child, count_newlines, peak_kib};
use threadkeep_backfill::Backfill;
use threadkeep_history::{HistoryStore, OpenOptions, UsageQuery};
use threadkeep_rollout::{AgentHome, TokenUsage};
use threadkeep_sessions::{Mirror, StorePlace};
use threadkeep_state::backfill::{BackfillPorts, IndexOptions};
use threadkeep_state::{StateOptions, StateRuntime};

/// Limit of indexing, in newline counts.
const RATIO: f64 = 4.0;
/// Limit of usage by agent.
const USAGE_MS: f64 = 30.0;
/// Limit of reading a session on, in times of reading it whole.
const GROWN: f64 = 0.5;
/// Passes in their order.
const PASSES: [(&str, &str); 5] = [
    ("count", "count newlines (limit)"),
    ("mirror", "mirror"),
    ("mirror", "mirror, nothing changed"),
    ("threads", "index of threads"),
    ("history", "index of what was said"),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let args = Args::parse();
    if let [role, stores, sqlite_home] = &args.child[..] {
        return measure(role, Path::new(stores), Path::new(sqlite_home)).await;
    }
    let (sessions, rounds) = (args.size.unwrap_or(5_000), args.rounds.unwrap_or(3));
    let folder = tempfile::tempdir()?;
    let homes = folder.path().join("stores");
    let stored = stores::make(&homes, sessions)?;
    // A mirror waits until the file system is on the disk, and need not wait for these files.
    _ = std::process::Command::new("sync").status();

    child("count", &homes, folder.path())?;
    let mut measured: [Vec<(f64, f64)>; PASSES.len()] = Default::default();
    let mut sqlite_home = PathBuf::new();
    for round in 0..rounds {
        sqlite_home = folder.path().join(format!("sqlite-{round}"));
        std::fs::create_dir(&sqlite_home)?;
        for ((role, _), figures) in PASSES.iter().zip(&mut measured) {
            figures.push(child(role, &homes, &sqlite_home)?);
        }
    }
    let medians = measured.map(median);
    row("", ["ms", "ratio", "peak MiB"]);
    for ((_, name), (seconds, peak_kib)) in PASSES.iter().zip(medians) {
        let figures = [seconds * 1e3, seconds / medians[0].0, peak_kib / 1024.0];
        row(name, figures.map(|figure| format!("{figure:.1}")));
    }
    println!();
    row("mirror", ["sessions", "count, ms", "ms", "ratio"]);
    // Removing one would make the next one slower: the file system passes over freed inodes.
    let indexed = sqlite_home.clone();
    for stored in &stored {
        let mut times = [Vec::new(), Vec::new()];
        for round in 0..rounds {
            sqlite_home = folder.path().join(format!("{}-{round}", stored.store.name()));
            std::fs::create_dir(&sqlite_home)?;
            times[0].push(child("count", &stored.home, &sqlite_home)?.0);
            times[1].push(child("mirror-one", &stored.home, &sqlite_home)?.0);
        }
        let [count, mirror] = times.map(median);
        let sessions = Mirror::new(sqlite_home.join("agents")).sessions(stored.store.name())?.len();
        let figures = [count * 1e3, mirror * 1e3, mirror / count].map(|figure| format!("{figure:.1}"));
        row(stored.store.name(), std::iter::once(sessions.to_string()).chain(figures));
    }

    let usage_ms = usage(&indexed).await?;
    println!("\nusage by agent: {usage_ms:.1} ms (limit {USAGE_MS} ms)");
    let [whole, on] = stores::grown::measure(folder.path(), rounds)?;
    println!(
        "a session of 100 MiB with a new turn: {on:.0} ms, and {whole:.0} ms if read whole (limit: half)"
    );
    let ratio = medians[1].0 / medians[0].0;
    println!("indexing: {ratio:.2} newline counts (limit {RATIO})");
    let mut misses = Vec::new();
    if ratio > RATIO {
        misses.push(format!("indexing: {ratio:.2} newline counts, and at most {RATIO}"));
    }
    if usage_ms > USAGE_MS {
        misses.push(format!("usage by agent: {usage_ms:.1} ms, and at most {USAGE_MS} ms"));
    }
    if on > whole * GROWN {
        misses.push(format!("a grown session: {on:.0} ms, and {whole:.0} ms if read whole"));
    }
    if misses.is_empty() { Ok(()) } else { Err(misses.join("\n").into()) }
}

async fn measure(role: &str, homes: &Path, sqlite_home: &Path) -> Result {
    let begun = Instant::now();
    match role {
        "count" => _ = std::hint::black_box(count_newlines(homes)?),
        "threads" => threads(sqlite_home).await?,
        "history" => history(sqlite_home).await?,
        "mirror" => mirror(stores::of(homes), sqlite_home)?,
        _ => {
            let of_home = stores::of(homes.parent().ok_or("a home is in a folder")?);
            mirror(of_home.into_iter().filter(|stored| stored.home == homes), sqlite_home)?;
        }
    }
    println!("{} {}", begun.elapsed().as_secs_f64(), peak_kib());
    Ok(())
}

fn mirror(stored: impl IntoIterator<Item = stores::Stored>, sqlite_home: &Path) -> Result {
    let (mut found, mut written) = (0, 0);
    let mirror = Mirror::new(sqlite_home.join("agents"));
    let mut lock = mirror.lock()?.ok_or("another process has the mirror")?;
    let stored: Vec<_> = stored.into_iter().collect();
    let places = stored.iter().map(|stored| StorePlace { store: stored.store, path: &stored.place });
    for (stored, report) in stored.iter().zip(lock.read(&places.collect::<Vec<_>>())) {
        let report = report?;
        if let Some((native_id, error)) = report.failed.first() {
            return Err(format!("{}: {native_id}: {error}", stored.store.name()).into());
        }
        found += report.found;
        written += report.written;
    }
    lock.finish()?;
    eprintln!("  {found} sessions, {written} written");
    Ok(())
}

/// Makes the home of the mirror alone.
fn home(sqlite_home: &Path) -> Result<AgentHome> {
    let home = sqlite_home.join("home");
    std::fs::create_dir_all(home.join("sessions"))?;
    Ok(AgentHome::open(home)?.with_mirror(sqlite_home.join("agents")))
}

async fn threads(sqlite_home: &Path) -> Result {
    let home = home(sqlite_home)?;
    let state = StateRuntime::open(&StateOptions::new(sqlite_home)).await?;
    let BackfillPorts { source, index, progress, .. } =
        state.backfill_ports(&home, IndexOptions::default())?;
    let engine = Backfill::new(Arc::new(source), Arc::new(index), Arc::new(progress));
    let report = engine.run(|_| ()).await?;
    state.close().await?;
    eprintln!("  {} indexed, {} unchanged, {} failed", report.indexed, report.unchanged, report.failed);
    Ok(())
}

async fn history(sqlite_home: &Path) -> Result {
    let home = home(sqlite_home)?;
    let history = HistoryStore::new(sqlite_home, &OpenOptions::new());
    let report = history.ports(&home).await?.engine().run(|_| ()).await?;
    history.close().await?;
    eprintln!("  {} indexed, {} unchanged, {} failed", report.indexed, report.unchanged, report.failed);
    Ok(())
}

/// Adds up the tokens by agent, as `threadkeep usage --by agent` does. Returns milliseconds.
async fn usage(sqlite_home: &Path) -> Result<f64> {
    let history = HistoryStore::new(sqlite_home, &OpenOptions::new());
    let state = StateRuntime::open(&StateOptions::new(sqlite_home)).await?;
    let query = UsageQuery { by_thread: true, ..UsageQuery::default() };
    let mut times = Vec::new();
    for _ in 0..9 {
        let begun = Instant::now();
        let rows = history.usage(&query).await?;
        let ids: Vec<_> = rows.iter().filter_map(|row| row.thread_id).collect();
        let agents = state.threads().agents_of(&ids).await?;
        let mut groups: BTreeMap<Option<&String>, TokenUsage> = BTreeMap::new();
        for row in &rows {
            let agent = row.thread_id.and_then(|id| agents.get(&id));
            *groups.entry(agent).or_default() += row.tokens;
        }
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        std::hint::black_box(groups);
    }
    history.close().await?;
    state.close().await?;
    Ok(median(times))
}

//! `cargo xtask bench memories`: claims jobs among 100,000 threads, in an index where none was
//! extracted and in one where all but a few were, and reads the items of 1,000 rollouts, compared
//! with counting their lines.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod common;
mod home;
mod threads;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Args, Parser as _, Result, median, row};
use jiff::Timestamp;
use sqlx::{Connection as _, SqliteConnection};
use threadkeep_memories::{ClaimRequest, Eligibility, RolloutText as _, StageOneJobs, Term, ThreadFacts};
use threadkeep_rollout::AgentHome;
use threadkeep_state::StateRuntime;
use threadkeep_state::memories::HomeTexts;
use tokio::task::JoinSet;

/// Limit of a claim.
const CLAIM_MS: f64 = 10.0;
/// Rollouts that are read.
const ROLLOUTS: usize = 1_000;
/// Readers at a time, as the pipeline has.
const READERS: usize = 8;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result {
    let args = Args::parse();
    let (threads, rounds) = (args.size.unwrap_or(100_000), args.rounds.unwrap_or(101));
    let folder = tempfile::tempdir()?;
    let state = threads::index(folder.path(), threads).await?;
    println!("a claim among {threads} threads, median of {rounds} (limit {CLAIM_MS} ms)\n");
    row("", ["ms".to_owned(), "of the limit".to_owned()]);
    report("nothing extracted", claims(&state, rounds).await?);
    let mut conn =
        SqliteConnection::connect(&format!("sqlite:{}/state_5.sqlite", folder.path().display())).await?;
    let extracted = sqlx::query("UPDATE threads SET remembered_ms = updated_at_ms WHERE rowid % 10000 <> 7");
    extracted.execute(&mut conn).await?;
    report("all but a few extracted", claims(&state, rounds).await?);
    state.close().await?;

    let home = tempfile::tempdir()?;
    let (bytes, _) = home::make(home.path(), ROLLOUTS)?;
    let home = AgentHome::open(home.path())?;
    let paths: Vec<String> = home.discover().files.into_iter().map(|file| file.path).collect();
    println!("\nthe items of {ROLLOUTS} rollouts, {} MB, median of 5\n", bytes / 1_000_000);
    row("", ["ms".to_owned(), "ratio".to_owned()]);
    let mut counted = Vec::new();
    let mut read = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        for path in &paths {
            std::hint::black_box(lines(&home.absolute(path))?);
        }
        counted.push(begun.elapsed());
        let begun = Instant::now();
        read_all(&home, &paths).await?;
        read.push(begun.elapsed());
    }
    let (counted, read) = (median(counted).as_secs_f64() * 1e3, median(read).as_secs_f64() * 1e3);
    row("count of lines", [format!("{counted:.0}"), String::new()]);
    row("items", [format!("{read:.0}"), format!("{:.2}", read / counted)]);
    Ok(())
}

fn report(name: &str, ms: f64) {
    row(name, [format!("{ms:.2}"), format!("{:.2}", ms / CLAIM_MS)]);
}

/// Claims eight jobs and gives them back, and returns the median time of a claim in milliseconds.
async fn claims(state: &StateRuntime, rounds: usize) -> Result<f64> {
    let store = state.memories();
    // The newest thread of the index is of this time.
    let now =
        Timestamp::from_millisecond(1_780_000_000_000 + 100_000 * 600)? + Duration::from_secs(36 * 3_600);
    let term = Term { now, expires_at: now + Duration::from_secs(3_600) };
    let request = ClaimRequest { owner: "bench".to_owned(), term, limit: 8, rules: Eligibility::default() };
    let mut times = Vec::new();
    for _ in 0..rounds {
        let begun = Instant::now();
        let claims = StageOneJobs::claim(&store, &request).await?;
        times.push(begun.elapsed());
        assert!(!claims.is_empty(), "threads are eligible");
        for claim in claims {
            StageOneJobs::release(&store, &claim.lease).await?;
        }
    }
    Ok(median(times).as_secs_f64() * 1e3)
}

fn lines(path: &Path) -> Result<usize> {
    Ok(memchr::memchr_iter(b'\n', &std::fs::read(path)?).count())
}

async fn read_all(home: &AgentHome, paths: &[String]) -> Result {
    let texts = Arc::new(HomeTexts::new(home.clone()));
    let mut readers = JoinSet::new();
    for path in paths {
        if readers.len() >= READERS
            && let Some(done) = readers.join_next().await
        {
            done??;
        }
        let (texts, rollout_path) = (Arc::clone(&texts), path.clone());
        readers.spawn(async move {
            let facts = ThreadFacts {
                id: uuid::Uuid::nil(),
                title: None,
                cwd: None,
                git_branch: None,
                rollout_path,
                updated_at: Timestamp::UNIX_EPOCH,
            };
            texts.read(&facts, 240_000).await.map(|text| std::hint::black_box(text).items().count())
        });
    }
    while let Some(done) = readers.join_next().await {
        done??;
    }
    Ok(())
}

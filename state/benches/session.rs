//! `cargo xtask bench session`: records live sessions that one index follows. Prints how seldom it
//! writes, how often it waits for a lock, and the cost of following compared with recording alone.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its figures")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use threadkeep_rollout::{AgentHome, NewThread, Recorder};
use threadkeep_sqlite::telemetry::{Tags, names};
use threadkeep_sqlite::{DbTelemetry, install_telemetry};
use threadkeep_state::{StateOptions, StateRuntime};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Limit of transactions for 1,000 lines.
const MOST: f64 = 20.0;

/// Replays sessions of many lines, all at once.
#[derive(Parser)]
struct Args {
    /// Lines of each session.
    #[arg(long, default_value_t = 10_000)]
    lines: usize,
    /// Number of sessions at once.
    #[arg(long, default_value_t = 8)]
    sessions: usize,
    /// Given by `cargo bench`, and of no meaning here.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result {
    let args = Args::parse();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(&args))
}

/// Number of writes that waited for a lock.
#[derive(Default)]
struct Waits(AtomicU64);

impl DbTelemetry for Waits {
    fn counter(&self, name: &'static str, value: u64, _: Tags<'_>) {
        if name == names::WRITE_WAIT {
            self.0.fetch_add(value, Ordering::Relaxed);
        }
    }

    fn duration(&self, _: &'static str, _: Duration, _: Tags<'_>) {}
}

async fn run(args: &Args) -> Result {
    let (folder, waits) = (tempfile::tempdir()?, Arc::new(Waits::default()));
    install_telemetry(waits.clone())?;
    let state = StateRuntime::open(&StateOptions::new(folder.path())).await?;

    let alone = replay(args, folder.path(), None).await?;
    let one = Args { sessions: 1, ..*args };
    let single = replay(&one, folder.path(), Some(&state)).await?;
    waits.0.store(0, Ordering::Relaxed);
    let followed = replay(args, folder.path(), Some(&state)).await?;
    let waits = waits.0.load(Ordering::Relaxed);
    state.close().await?;

    println!("{} sessions of {} lines at once, and one alone\n", args.sessions, args.lines);
    println!("{:<34} {:>12} {:>22} {:>11}", "", "lines/s", "writes per 1,000 lines", "lock waits");
    println!("{:<34} {:>12.0} {:>22} {:>11}", "recorded", alone.rate(), "", "");
    let waits = waits.to_string();
    for (name, replayed, waits) in
        [("recorded and followed", &followed, &*waits), ("one session, recorded and followed", &single, "")]
    {
        println!("{name:<34} {:>12.0} {:>22.1} {waits:>11}", replayed.rate(), replayed.writes());
    }
    let ratio = followed.rate() / alone.rate();
    println!("\nfollowed to recorded: {ratio:.2}; at most {MOST} writes per 1,000 lines");
    if followed.writes().max(single.writes()) > MOST {
        return Err(format!("more than {MOST} transactions for 1,000 lines").into());
    }
    Ok(())
}

/// Result of a replay.
struct Replayed {
    lines: usize,
    transactions: usize,
    took: Duration,
}

impl Replayed {
    fn rate(&self) -> f64 {
        self.lines as f64 / self.took.as_secs_f64()
    }

    fn writes(&self) -> f64 {
        self.transactions as f64 * 1_000.0 / self.lines as f64
    }
}

/// Records sessions at once, and lets an index follow them.
async fn replay(args: &Args, folder: &Path, state: Option<&StateRuntime>) -> Result<Replayed> {
    let home = tempfile::tempdir_in(folder)?;
    std::fs::create_dir(home.path().join("sessions"))?;
    let started = Instant::now();
    let sessions: Vec<_> = (0..args.sessions)
        .map(|seed| {
            let (home, state) = (home.path().to_owned(), state.cloned());
            let lines = session(args.lines, seed as u64);
            tokio::spawn(async move { record(&home, state, lines).await })
        })
        .collect();
    let (mut lines, mut transactions) = (0, 0);
    for session in sessions {
        let (appended, written) = session.await??;
        lines += appended;
        transactions += written;
    }
    Ok(Replayed { lines, transactions, took: started.elapsed() })
}

/// Records one session. Returns the number of lines, and of transactions.
async fn record(home: &Path, state: Option<StateRuntime>, lines: Vec<Line>) -> Result<(usize, usize)> {
    let home = AgentHome::open(home)?;
    let mut recorder = Recorder::create(&home, &NewThread::new("bench", "1.0", "/work"))?;
    let live = match &state {
        Some(state) => Some(state.threads().follow(&home, &recorder).await?),
        None => None,
    };
    let mut transactions = usize::from(live.is_some());
    let count = lines.len();
    for (at, line_type, payload) in lines {
        let appended = recorder.append_at(at, line_type, &payload)?;
        if let Some(live) = &live {
            transactions += usize::from(live.appended(&appended).await?);
        }
    }
    if let Some(live) = live {
        live.finish().await?;
        transactions += 1;
    }
    Ok((count, transactions))
}

type Line = (Timestamp, &'static str, Value);

/// Makes a session in the shape of real ones: turns of some steps, each a call, its output and a
/// count of tokens. Most lines follow within milliseconds. The model and the user pause longer.
fn session(length: usize, seed: u64) -> Vec<Line> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut at = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 56);
    let mut lines: Vec<Line> = Vec::with_capacity(length);
    let (mut turn, mut total) = (0, 0);
    while lines.len() < length {
        turn += 1;
        let id = turn.to_string();
        at += SignedDuration::from_secs(random.i64(5..120));
        let mut put = |wait_ms: i64, line_type, payload| {
            at += SignedDuration::from_millis(wait_ms);
            lines.push((at, line_type, payload));
        };
        put(0, "event_msg", json!({"type": "task_started", "turn_id": id}));
        put(3, "turn_context", json!({"cwd": "/work", "model": "model-5", "approval_policy": "on-request"}));
        put(1, "response_item", json!({"type": "message", "role": "user", "content": []}));
        put(1, "event_msg", json!({"type": "user_message", "message": format!("request {id}")}));
        for step in 0..random.u32(3..30) {
            total += random.u64(200..4_000);
            let output = "x".repeat(random.usize(50..4_000));
            put(random.i64(800..6_000), "response_item", json!({"type": "reasoning", "summary": []}));
            put(4, "response_item", json!({"type": "function_call", "name": "shell", "call_id": step}));
            put(
                2,
                "event_msg",
                json!({"type": "token_count", "info": {"total_token_usage": {"total_tokens": total}}}),
            );
            put(
                random.i64(20..3_000),
                "response_item",
                json!({"type": "function_call_output", "call_id": step, "output": output}),
            );
        }
        put(900, "response_item", json!({"type": "message", "role": "assistant", "content": []}));
        put(1, "event_msg", json!({"type": "agent_message", "message": "done"}));
        put(2, "event_msg", json!({"type": "task_complete", "turn_id": id}));
    }
    lines.truncate(length);
    lines
}

//! `cargo xtask bench session`: records live sessions that one index follows. Prints how seldom it
//! writes, how often it waits for a lock, and the cost of following compared with recording alone.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{Args, Parser as _, Result, rate, row};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use threadkeep_rollout::{AgentHome, NewThread, Recorder};
use threadkeep_sqlite::telemetry::{Tags, names};
use threadkeep_sqlite::{DbTelemetry, install_telemetry};
use threadkeep_state::{StateOptions, StateRuntime};

/// Limit of transactions for 1,000 lines.
const MOST: f64 = 20.0;
/// Sessions at once.
const SESSIONS: u64 = 8;

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

#[tokio::main]
async fn main() -> Result {
    let lines = Args::parse().size.unwrap_or(10_000);
    let (folder, waits) = (tempfile::tempdir()?, Arc::new(Waits::default()));
    install_telemetry(waits.clone())?;
    let state = StateRuntime::open(&StateOptions::new(folder.path())).await?;

    let (alone, _) = replay(SESSIONS, lines, None).await?;
    let (single, single_writes) = replay(1, lines, Some(&state)).await?;
    waits.0.store(0, Ordering::Relaxed);
    let (followed, writes) = replay(SESSIONS, lines, Some(&state)).await?;
    let waits = waits.0.load(Ordering::Relaxed).to_string();
    state.close().await?;

    println!("{SESSIONS} sessions of {lines} lines at once, and one alone\n");
    row("", ["lines/s", "writes/1,000", "lock waits"]);
    row("recorded", [format!("{alone:.0}")]);
    row("recorded and followed", [format!("{followed:.0}"), format!("{writes:.1}"), waits]);
    row("one session, recorded and followed", [format!("{single:.0}"), format!("{single_writes:.1}")]);
    println!("\nfollowed to recorded: {:.2}; at most {MOST} writes per 1,000 lines", followed / alone);
    if writes.max(single_writes) > MOST {
        return Err(format!("more than {MOST} transactions for 1,000 lines").into());
    }
    Ok(())
}

/// Records sessions at once, and lets an index follow them. Returns the lines a second, and the
/// transactions for 1,000 lines.
async fn replay(sessions: u64, lines: usize, state: Option<&StateRuntime>) -> Result<(f64, f64)> {
    let home = tempfile::tempdir()?;
    std::fs::create_dir(home.path().join("sessions"))?;
    let begun = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for seed in 0..sessions {
        let (home, state) = (home.path().to_owned(), state.cloned());
        let lines = session(lines, seed);
        running.spawn(async move { record(&home, state, lines).await });
    }
    let mut transactions = 0;
    while let Some(session) = running.join_next().await {
        transactions += session??;
    }
    let lines = lines * sessions as usize;
    Ok((rate(lines, begun), transactions as f64 * 1_000.0 / lines as f64))
}

/// Records one session. Returns the number of transactions.
async fn record(home: &Path, state: Option<StateRuntime>, lines: Vec<Line>) -> Result<usize> {
    let home = AgentHome::open(home)?;
    let mut recorder = Recorder::create(&home, &NewThread::new("bench", "1.0", "/work"))?;
    let live = match &state {
        Some(state) => Some(state.threads().follow(&home, &recorder).await?),
        None => None,
    };
    let mut transactions = usize::from(live.is_some());
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
    Ok(transactions)
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

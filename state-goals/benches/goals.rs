//! `cargo xtask bench goals`: usage recorded per second, by one and eight tasks and by eight
//! processes. Each is compared with a plain rusqlite loop of the same statement and pragmas in one
//! thread, measured in the same run.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "../../state/benches/common/mod.rs"]
mod common;

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use common::{Args, Parser as _, Result, rate, row};
use jiff::Timestamp;
use threadkeep_state_goals::{GoalStore, NewGoal, OpenOptions, Usage, statements};
use uuid::Uuid;

const WRITERS: usize = 8;
const THREAD: Uuid = Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_3c28_701b_ba61);
const USAGE: (i64, i64) = (1_234, 5);

#[tokio::main(worker_threads = 2)]
async fn main() -> Result {
    let args = Args::parse();
    let (operations, rounds) = (args.size.unwrap_or(2_000), args.rounds.unwrap_or(5));
    if let [folder] = &args.child[..] {
        return be_one_of_several(Path::new(folder), operations).await;
    }
    let folder = tempfile::tempdir()?;
    let goals = GoalStore::new(folder.path(), &OpenOptions::new());
    goals.insert(THREAD, NewGoal::new("Make the tests pass on Windows"), Timestamp::now()).await?;

    let mut best = [0_f64; 4];
    for _ in 0..rounds {
        // In turn, so that other load of the machine is shared out.
        let rates = [
            plain(folder.path(), operations)?,
            tasks(&goals, 1, operations).await?,
            tasks(&goals, WRITERS, operations).await?,
            processes(folder.path(), operations)?,
        ];
        best = std::array::from_fn(|at| best[at].max(rates[at]));
    }
    let counted = goals.get(THREAD).await?.ok_or("the goal is gone")?.tokens_used / USAGE.0;
    // Each process counts once before it is ready.
    let each = operations / WRITERS * WRITERS;
    let expected = rounds * (2 * operations + 2 * each + WRITERS);
    if counted != i64::try_from(expected)? {
        return Err(format!("{counted} times were counted, and not {expected}").into());
    }
    goals.close().await?;

    println!("usage counted, each on the disk before the next; best of {rounds} rounds of {operations}\n");
    row("", ["per second", "ratio"]);
    let names = ["rusqlite, a loop: the limit", "one task", "eight tasks", "eight processes"];
    for (name, rate) in names.into_iter().zip(best) {
        row(name, [format!("{rate:.0}"), format!("{:.2}", rate / best[0])]);
    }
    Ok(())
}

/// Runs the store's own statement without the store.
fn plain(folder: &Path, operations: usize) -> Result<f64> {
    let account = statements().into_iter().find(|(name, _)| name == "account");
    let (_, sql) = account.ok_or("there is no such statement")?;
    let connection = rusqlite::Connection::open(folder.join("goals_1.sqlite"))?;
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA busy_timeout = 5000;")?;
    let (thread, now) = (THREAD.hyphenated().to_string(), Timestamp::now().as_millisecond());
    let mut begin = connection.prepare("BEGIN IMMEDIATE")?;
    let mut account = connection.prepare(&sql)?;
    let mut commit = connection.prepare("COMMIT")?;
    let begun = Instant::now();
    for _ in 0..operations {
        begin.execute([])?;
        let binds = (&thread, None::<String>, USAGE.0, USAGE.1, "[\"active\"]", now);
        let tokens: i64 = account.query_row(binds, |row| row.get("tokens_used"))?;
        std::hint::black_box(tokens);
        commit.execute([])?;
    }
    Ok(rate(operations, begun))
}

/// Counts with tasks of this process, which share one writer.
async fn tasks(goals: &GoalStore, tasks: usize, operations: usize) -> Result<f64> {
    let begun = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..tasks {
        let goals = goals.clone();
        running.spawn(async move { count(&goals, operations / tasks).await });
    }
    while let Some(task) = running.join_next().await {
        task??;
    }
    Ok(rate(operations / tasks * tasks, begun))
}

async fn count(goals: &GoalStore, times: usize) -> Result {
    let usage = Usage { tokens: USAGE.0, seconds: USAGE.1, ..Usage::default() };
    for _ in 0..times {
        let accounted = goals.account(THREAD, usage, Timestamp::now()).await?;
        assert!(accounted.counted, "an active goal counts");
    }
    Ok(())
}

/// Counts with processes, which begin when all of them have opened the database.
fn processes(folder: &Path, operations: usize) -> Result<f64> {
    let mut children: Vec<Child> = (0..WRITERS)
        .map(|_| {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["--operations", &(operations / WRITERS).to_string(), "--child"]).arg(folder);
            Ok(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?)
        })
        .collect::<Result<_>>()?;
    for child in &mut children {
        BufReader::new(child.stdout.as_mut().ok_or("it is piped")?).read_line(&mut String::new())?;
    }
    let begun = Instant::now();
    children.iter_mut().for_each(|child| drop(child.stdin.take()));
    for mut child in children {
        if !child.wait()?.success() {
            return Err("one of several processes failed".into());
        }
    }
    Ok(rate(operations / WRITERS * WRITERS, begun))
}

async fn be_one_of_several(folder: &Path, operations: usize) -> Result {
    let goals = GoalStore::new(folder, &OpenOptions::new());
    count(&goals, 1).await?;
    println!("ready");
    // Ends when all are ready.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    count(&goals, operations).await?;
    goals.close().await.map_err(Into::into)
}

//! `cargo xtask bench goals`: usage recorded per second, by one and eight tasks and by eight
//! processes. Each is compared with a plain rusqlite loop of the same statement and pragmas in one
//! thread, measured in the same run.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use clap::Parser;
use jiff::Timestamp;
use threadkeep_state_goals::{GoalStore, NewGoal, OpenOptions, Usage, statements};
use uuid::Uuid;

type Result<T = (), E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Records usage for a goal, and prints the rate.
#[derive(Parser)]
struct Args {
    /// Records of each round, by all writers together.
    #[arg(long, default_value_t = 2_000)]
    operations: u32,
    /// Rounds; the best is printed.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Folder to record in, as one process of several.
    #[arg(long, hide = true)]
    child: Option<PathBuf>,
    /// Given by `cargo bench`; ignored.
    #[arg(long, hide = true)]
    bench: bool,
}

const WRITERS: u32 = 8;
const THREAD: Uuid = Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_3c28_701b_ba61);
const USAGE: (i64, i64) = (1_234, 5);

fn main() -> Result {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match &args.child {
        Some(folder) => runtime.block_on(be_one_of_several(folder, args.operations)),
        None => runtime.block_on(run(&args)),
    }
}

async fn run(args: &Args) -> Result {
    let folder = tempfile::tempdir()?;
    let goals = GoalStore::new(folder.path(), &OpenOptions::new());
    goals.insert(THREAD, NewGoal::new("Make the tests pass on Windows"), Timestamp::now()).await?;

    let mut best = [0_f64; 4];
    for _ in 0..args.rounds {
        // In turn, so that other load of the machine is shared out.
        let rates = [
            plain(folder.path(), args.operations)?,
            tasks(&goals, 1, args.operations).await?,
            tasks(&goals, WRITERS, args.operations).await?,
            processes(folder.path(), args.operations)?,
        ];
        for (best, rate) in best.iter_mut().zip(rates) {
            *best = best.max(rate);
        }
    }
    let counted = goals.get(THREAD).await?.ok_or("the goal is gone")?.tokens_used / USAGE.0;
    // Each process counts once before it is ready.
    let each = args.operations / WRITERS * WRITERS;
    let expected = i64::from(args.rounds * (2 * args.operations + 2 * each + WRITERS));
    if counted != expected {
        return Err(format!("{counted} times were counted, and not {expected}").into());
    }
    goals.close().await?;

    println!(
        "usage counted, each on the disk before the next; best of {} rounds of {}\n",
        args.rounds, args.operations
    );
    println!("{:<32} {:>10} {:>8}", "", "per second", "ratio");
    let names = ["rusqlite, a loop: the limit", "one task", "eight tasks", "eight processes"];
    for (name, rate) in names.into_iter().zip(best) {
        println!("{name:<32} {rate:>10.0} {:>8.2}", rate / best[0]);
    }
    Ok(())
}

/// Runs the store's own statement without the store.
fn plain(folder: &Path, operations: u32) -> Result<f64> {
    let statements = statements();
    let (_, sql) =
        statements.iter().find(|(name, _)| name == "account").ok_or("there is no such statement")?;
    let connection = rusqlite::Connection::open(folder.join("goals_1.sqlite"))?;
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA busy_timeout = 5000;")?;
    let (thread, now) = (THREAD.hyphenated().to_string(), Timestamp::now().as_millisecond());
    let mut begin = connection.prepare("BEGIN IMMEDIATE")?;
    let mut account = connection.prepare(sql)?;
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
async fn tasks(goals: &GoalStore, tasks: u32, operations: u32) -> Result<f64> {
    let begun = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|_| {
            let goals = goals.clone();
            tokio::spawn(async move { count(&goals, operations / tasks).await })
        })
        .collect();
    for task in running {
        task.await??;
    }
    Ok(rate(operations / tasks * tasks, begun))
}

async fn count(goals: &GoalStore, times: u32) -> Result {
    let usage = Usage { tokens: USAGE.0, seconds: USAGE.1, ..Usage::default() };
    for _ in 0..times {
        let accounted = goals.account(THREAD, usage, Timestamp::now()).await?;
        assert!(accounted.counted, "an active goal counts");
    }
    Ok(())
}

/// Counts with processes, which begin when all of them have opened the database.
fn processes(folder: &Path, operations: u32) -> Result<f64> {
    let mut children: Vec<Child> = (0..WRITERS)
        .map(|_| {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["--operations", &(operations / WRITERS).to_string(), "--child"]).arg(folder);
            Ok(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?)
        })
        .collect::<Result<_>>()?;
    for child in &mut children {
        let output = child.stdout.as_mut().ok_or("it is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
    }
    let begun = Instant::now();
    for child in &mut children {
        drop(child.stdin.take());
    }
    for mut child in children {
        if !child.wait()?.success() {
            return Err("one of several processes failed".into());
        }
    }
    Ok(rate(operations / WRITERS * WRITERS, begun))
}

async fn be_one_of_several(folder: &Path, operations: u32) -> Result {
    let goals = GoalStore::new(folder, &OpenOptions::new());
    count(&goals, 1).await?;
    println!("ready");
    std::io::stdout().flush()?;
    // Ends when all are ready.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    count(&goals, operations).await?;
    goals.close().await.map_err(Into::into)
}

fn rate(operations: u32, begun: Instant) -> f64 {
    f64::from(operations) / begun.elapsed().as_secs_f64()
}

//! `cargo xtask bench rpc`: the server on a home of 10,000 rollouts: its start, lists, turns and
//! memory against limits, and a soak with 50 clients.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "../../state/benches/common/mod.rs"]
mod common;
mod rpc_client;
mod rpc_home;

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use common::{Args, Parser as _, Result};
use rpc_client::{Client, Server, command, hello, ids_of, memory};
use rpc_home::{large, rollouts, size};
use serde_json::{Value, json};

/// Clients of the soak.
const CLIENTS: usize = 50;

fn main() -> Result {
    let args = Args::parse();
    let (threads, calls) = (args.size.unwrap_or(10_000), args.rounds.unwrap_or(1_000));
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    let ids = rollouts(&home, threads)?;
    println!("a home of {threads} rollouts, {} MB\n", size(&home)? / 1_000_000);
    let mut figures = Figures::default();

    // Never indexed, the files in the system's cache.
    let begun = Instant::now();
    let mut server = Server::start(&home)?;
    server.call("initialize", hello())?;
    figures.time("initialize, never indexed", begun.elapsed(), 50.0);
    let list = json!({ "limit": 50, "sourceKinds": ["exec", "cli", "vscode"] });
    let page = server.call("thread/list", list.clone())?;
    figures.time("first page after the start", begun.elapsed(), 500.0);
    let whole = json!({ "limit": 1, "sortDirection": "asc", "sourceKinds": ["exec", "cli", "vscode"] });
    server.call("thread/list", whole.clone())?;
    figures.note("whole home indexed after", begun.elapsed());
    let again = server.call("thread/list", list.clone())?;
    if ids_of(&page) != ids_of(&again) {
        return Err("the first page was not right".into());
    }
    server.until_searchable()?;
    figures.note("whole history indexed after", begun.elapsed());
    drop(server);

    let mut server = Server::start(&home)?;
    server.call("initialize", hello())?;
    server.call("thread/list", whole)?;
    server.until_searchable()?;
    let mut times = Vec::new();
    for _ in 0..calls {
        let begun = Instant::now();
        server.answer("thread/list", list.clone())?;
        times.push(begun.elapsed());
    }
    figures.times("thread/list of 50", times, 1.0, 5.0);

    let large = large(&home)?;
    server.call("thread/read", json!({ "threadId": large }))?;
    server.until_searchable()?;
    let (mut times, mut cursor) = (Vec::new(), Value::Null);
    for _ in 0..calls.min(200) {
        let begun = Instant::now();
        let page =
            server.call("thread/turns/list", json!({ "threadId": large, "limit": 20, "cursor": cursor }))?;
        times.push(begun.elapsed());
        cursor = page["nextCursor"].clone();
    }
    figures.times("20 turns of a rollout of 100 MB", times, 10.0, f64::INFINITY);
    figures.memory("memory, VmRSS", server.memory("VmRSS:")?, 48.0);
    figures.memory("memory at its peak, VmHWM", server.memory("VmHWM:")?, f64::INFINITY);
    drop(server);

    soak(&home, &ids, Duration::from_secs(args.rounds.map_or(20, |_| 3)), &mut figures)?;
    if figures.missed > 0 {
        return Err(format!("{} limits were missed", figures.missed).into());
    }
    Ok(())
}

/// Rows of the table, and the number of missed limits.
#[derive(Default)]
struct Figures {
    missed: usize,
}

impl Figures {
    fn row(&mut self, name: &str, value: f64, limit: f64, unit: &str) {
        let is_missed = value > limit;
        self.missed += usize::from(is_missed);
        let limit = if limit.is_finite() { format!("at most {limit} {unit}") } else { String::new() };
        let mark = if is_missed { "  MISSED" } else { "" };
        println!("{name:<40}{value:>12.2} {unit:<4}{limit:>18}{mark}");
    }

    fn time(&mut self, name: &str, time: Duration, limit_ms: f64) {
        self.row(name, time.as_secs_f64() * 1e3, limit_ms, "ms");
    }

    fn note(&mut self, name: &str, time: Duration) {
        self.time(name, time, f64::INFINITY);
    }

    fn times(&mut self, name: &str, mut times: Vec<Duration>, p50_ms: f64, p99_ms: f64) {
        times.sort_unstable();
        let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
        self.time(&format!("{name}, p50"), at(50), p50_ms);
        self.time(&format!("{name}, p99"), at(99), p99_ms);
    }

    fn memory(&mut self, name: &str, kilobytes: u64, limit_mib: f64) {
        self.row(name, kilobytes as f64 / 1024.0, limit_mib, "MiB");
    }
}

/// Reads and writes of many clients, for some time.
fn soak(home: &Path, ids: &[String], time: Duration, figures: &mut Figures) -> Result {
    println!("\n{CLIENTS} clients for {} s", time.as_secs());
    let started = command(home, &["--json", "app-server", "start"]).output()?;
    let started: Value = serde_json::from_slice(&started.stdout)?;
    let (pid, socket) = (started["pid"].as_u64().ok_or("a server has a process")?, started["socket"].clone());
    let socket = Path::new(socket.as_str().ok_or("a server has a socket")?);
    let pid = u32::try_from(pid)?;
    let (times, before) = (Mutex::new(Vec::new()), Mutex::new(0));
    let worker = |number: usize| -> Result {
        let stream = UnixStream::connect(socket)?;
        let mut client = Client::new(stream.try_clone()?, stream);
        client.call("initialize", hello())?;
        let (begun, mut own, mut n) = (Instant::now(), Vec::new(), number);
        while begun.elapsed() < time {
            n += CLIENTS;
            let id = &ids[n * 7_919 % ids.len()];
            let (method, params) = match n % 10 {
                0 => ("thread/name/set", json!({ "threadId": id, "name": format!("name {n}") })),
                1 => ("thread/goal/set", json!({ "threadId": id, "objective": format!("goal {n}") })),
                2 | 3 => ("thread/read", json!({ "threadId": id })),
                4 => ("thread/turns/list", json!({ "threadId": id, "limit": 5 })),
                _ => ("thread/list", json!({ "limit": 50, "sourceKinds": ["exec"] })),
            };
            let called = Instant::now();
            client.answer(method, params)?;
            own.push(called.elapsed());
            if number == 0 && begun.elapsed() > time / 4 {
                let mut before = before.lock().map_err(|_| "a worker panicked")?;
                if *before == 0 {
                    *before = memory(pid, "VmRSS:")?;
                }
            }
        }
        times.lock().map_err(|_| "a worker panicked")?.append(&mut own);
        Ok(())
    };
    thread::scope(|scope| -> Result {
        let worker = &worker;
        let workers: Vec<_> = (0..CLIENTS).map(|number| scope.spawn(move || worker(number))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker panicked")?)
    })?;
    let after = memory(pid, "VmRSS:")?;
    command(home, &["--quiet", "app-server", "stop"]).status()?;
    let times = times.into_inner()?;
    println!("{} requests, no error", times.len());
    figures.times("all methods", times, f64::INFINITY, f64::INFINITY);
    let before = before.into_inner()?;
    figures.memory("memory after a quarter of the time", before, f64::INFINITY);
    figures.memory("memory at the end", after, before as f64 / 1024.0 + 16.0);
    Ok(())
}

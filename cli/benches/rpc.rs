//! `cargo xtask bench rpc`: the server on a home of 10,000 rollouts: its start, lists, turns and
//! memory against limits, and a soak with 50 clients.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "../../state/benches/common/mod.rs"]
mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use common::{Args, Parser as _, Result};
use serde_json::{Value, json};

/// The binary that is measured.
const BINARY: &str = env!("CARGO_BIN_EXE_threadkeep");
/// Clients of the soak.
const CLIENTS: usize = 50;
/// Turns of the large rollout, and bytes of each.
const TURNS: usize = 1_000;
const TURN_BYTES: usize = 100 * 1024;

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
        server.call("thread/list", list.clone())?;
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

fn hello() -> Value {
    json!({ "clientInfo": { "name": "bench", "version": "1" } })
}

fn ids_of(page: &Value) -> Vec<&str> {
    page["data"].as_array().into_iter().flatten().filter_map(|thread| thread["id"].as_str()).collect()
}

fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.arg("--home").arg(home).args(arguments);
    command
}

/// A connection: lines in and out.
struct Client<I, O> {
    input: I,
    output: BufReader<O>,
    line: String,
    id: u64,
}

impl<I: Write, O: std::io::Read> Client<I, O> {
    fn call(&mut self, method: &str, params: Value) -> Result<Value> {
        self.id += 1;
        let line = json!({ "id": self.id, "method": method, "params": params }).to_string() + "\n";
        self.input.write_all(line.as_bytes())?;
        let start = format!("{{\"id\":{},", self.id);
        loop {
            self.line.clear();
            if self.output.read_line(&mut self.line)? == 0 {
                return Err("the server is gone".into());
            }
            if self.line.starts_with(&start) {
                // A client would parse the answer; the time of that is not the server's.
                if !self.line[start.len()..].starts_with("\"result\"") {
                    return Err(format!("{method}: {}", self.line).into());
                }
                let mut answer: Value = serde_json::from_str(&self.line)?;
                return Ok(answer["result"].take());
            }
        }
    }
}

/// A server on stdio.
struct Server {
    child: Child,
    client: Client<std::process::ChildStdin, std::process::ChildStdout>,
}

impl Server {
    fn start(home: &Path) -> Result<Server> {
        let mut child =
            command(home, &["app-server"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (child.stdin.take().ok_or("piped")?, child.stdout.take().ok_or("piped")?);
        let client = Client { input, output: BufReader::new(output), line: String::new(), id: 0 };
        Ok(Server { child, client })
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value> {
        self.client.call(method, params)
    }

    /// Waits until the history is indexed.
    fn until_searchable(&mut self) -> Result {
        let term = json!({ "searchTerm": "a word that no thread has", "limit": 1 });
        while self.call("thread/search", term.clone())?.get("incomplete").is_some() {
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn memory(&self, name: &str) -> Result<u64> {
        memory(self.child.id(), name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its own end is not measured.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a figure of a process in kB, as Linux counts it.
fn memory(pid: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let figure = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("Linux counts memory")?;
    Ok(figure.trim().trim_end_matches("kB").trim().parse()?)
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
        let output = BufReader::new(stream.try_clone()?);
        let mut client = Client { input: stream, output, line: String::new(), id: 0 };
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
            client.call(method, params)?;
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

/// Makes a home of rollouts with ids of their own, made of the bundled ones in turn.
fn rollouts(home: &Path, number: usize) -> Result<Vec<String>> {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/home/sessions/2026/11/22");
    let mut templates = Vec::new();
    for entry in fs::read_dir(bundled)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).ok_or("a rollout has a name")?;
        let id = stem[stem.len() - 36..].to_owned();
        templates.push((id, fs::read_to_string(&path)?));
    }
    templates.sort();
    fs::create_dir_all(home)?;
    fs::write(home.join("config.toml"), "model_provider = \"mock\"\n")?;
    let mut ids = Vec::with_capacity(number);
    for n in 0..number {
        let (old, text) = &templates[n % templates.len()];
        let (day, second) = (n * 28 / number + 1, n % 86_400);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let time = format!("2026-10-{day:02}T{hour:02}:{minute:02}:{second:02}");
        let ms = time
            .parse::<jiff::civil::DateTime>()?
            .to_zoned(jiff::tz::TimeZone::UTC)?
            .timestamp()
            .as_millisecond();
        let id = format!("{:08x}-{:04x}-7000-8000-{n:012x}", ms >> 16, ms & 0xffff);
        let folder = home.join(format!("sessions/2026/10/{day:02}"));
        fs::create_dir_all(&folder)?;
        let name = format!("rollout-{}-{id}.jsonl", time.replace(':', "-"));
        let text = moved(&text.replace(old.as_str(), &id), &time);
        fs::write(folder.join(name), text)?;
        ids.push(id);
    }
    Ok(ids)
}

/// Moves all lines to the second in which the thread began, as its id has it.
fn moved(text: &str, time: &str) -> String {
    let day = "2026-11-22T";
    let mut parts = text.split(day);
    let mut moved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.get("hh:mm:ss".len()..).unwrap_or_default();
        moved.extend([time, rest]);
    }
    moved
}

/// Makes a rollout of 100 MB, and returns its thread.
fn large(home: &Path) -> Result<String> {
    let id = "01a30000-0000-7000-8000-000000000001";
    let folder = home.join("sessions/2026/12/01");
    fs::create_dir_all(&folder)?;
    let mut text = String::new();
    let mut line = |at: usize, kind: &str, payload: Value| {
        let (minute, second) = (at / 60 % 60, at % 60);
        let time = format!("2026-12-01T{:02}:{minute:02}:{second:02}.000Z", at / 3_600);
        text += &(json!({ "timestamp": time, "type": kind, "payload": payload }).to_string() + "\n");
    };
    let meta = json!({
        "id": id, "timestamp": "2026-12-01T00:00:00.000Z", "cwd": "/project", "originator": "bench",
        "cli_version": "0.171.0", "source": "cli", "model_provider": "mock",
    });
    line(0, "session_meta", meta);
    for turn in 0..TURNS {
        let turn_id = format!("turn-{turn}");
        let item = |item: Value| json!({ "type": "item_completed", "turn_id": turn_id, "item": item });
        line(turn, "event_msg", json!({ "type": "task_started", "turn_id": turn_id }));
        let said = json!({ "type": "UserMessage", "id": format!("u{turn}"), "content": [{ "type": "text", "text": "Go on" }] });
        line(turn, "event_msg", item(said));
        let output = "a line of output\n".repeat(TURN_BYTES / 17);
        let ran = json!({
            "type": "CommandExecution", "id": format!("c{turn}"), "command": ["cat", "file"], "status": "completed",
            "aggregated_output": output,
        });
        line(turn, "event_msg", item(ran));
        let done = json!({ "type": "AgentMessage", "id": format!("a{turn}"), "content": [{ "type": "Text", "text": "Done" }] });
        line(turn, "event_msg", item(done));
        line(turn, "event_msg", json!({ "type": "task_complete", "turn_id": turn_id }));
    }
    fs::write(folder.join(format!("rollout-2026-12-01T00-00-00-{id}.jsonl")), text)?;
    Ok(id.to_owned())
}

fn size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

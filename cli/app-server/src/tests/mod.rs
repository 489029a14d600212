//! A server in this process, and a client of it.

mod agents;
mod checks;
mod lines;
mod missing;
mod turns;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use threadkeep_app::Fault;
use threadkeep_app::dirs::{Dirs, Given};
use threadkeep_app::settings::DeviceKeys;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, duplex};
use tokio::task::{JoinHandle, LocalSet, spawn_local};

use crate::connection::serve;
use crate::server::{Commands, Document, Options};
use crate::start::start;

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Commands of a program that has none.
struct NoCommands;

impl Commands for NoCommands {
    fn doctor(&self) -> Document {
        Box::pin(async { Err(Fault::without_hint("no doctor")) })
    }

    fn run_memories(&self) -> Document {
        Box::pin(async { Err(Fault::without_hint("no memories")) })
    }
}

/// A home of its own.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Result<Home> {
        let folder = TempDir::new()?;
        fs::create_dir(folder.path().join("sessions"))?;
        fs::write(folder.path().join("config.toml"), "model_provider = \"mock\"\n")?;
        Ok(Home(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes the rollout of a thread, and returns the thread's id.
    pub(crate) fn write(&self, folder: &str, number: u32, words: &str) -> Result<String> {
        let id = format!("01a20500-0000-7000-8000-{number:012x}");
        let at = "2026-11-24T12:00:00.000Z";
        let meta = json!({ "timestamp": at, "type": "session_meta", "payload": {
            "id": id, "timestamp": at, "cwd": "/p", "originator": "t", "cli_version": "1", "source": "cli",
            "model_provider": "mock",
        } });
        let said = json!({ "timestamp": at, "type": "event_msg", "payload": {
            "type": "user_message", "message": words,
        } });
        let folder = self.path().join(folder);
        fs::create_dir_all(&folder)?;
        fs::write(
            folder.join(format!("rollout-2026-11-24T12-00-00-{id}.jsonl")),
            format!("{meta}\n{said}\n"),
        )?;
        Ok(id)
    }
}

/// A client of a server in this process.
pub(crate) struct Client {
    input: DuplexStream,
    lines: Lines<BufReader<DuplexStream>>,
    served: JoinHandle<()>,
    next: i64,
}

impl Client {
    /// Starts a server on a home, and initializes a client. Call it in a `LocalSet`.
    pub(crate) async fn start(home: &Home, has_watch: bool) -> Result<Client> {
        let given =
            Given { home: Some(home.path().to_owned()), sqlite_home: Some(home.path().join("threadkeep")) };
        let (dirs, device_keys) = (Dirs::find(&given)?, DeviceKeys::default());
        let server = start(Options { dirs, given, device_keys, has_watch, commands: Box::new(NoCommands) });
        let (input, their_input) = duplex(1 << 20);
        let (their_output, output) = duplex(1 << 20);
        let served = spawn_local(async move {
            serve(server.clone(), their_input, their_output).await;
            server.stop();
            // A failure would only be one of the logs.
            let _ = server.close().await;
        });
        let mut client = Client { input, lines: BufReader::new(output).lines(), served, next: 0 };
        client.call("initialize", json!({ "clientInfo": { "name": "it", "version": "1" } })).await?;
        Ok(client)
    }

    /// Sends a line.
    pub(crate) async fn write(&mut self, line: &[u8]) -> Result {
        self.input.write_all(line).await?;
        Ok(self.input.write_all(b"\n").await?)
    }

    /// Calls a method that has to succeed.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Result<Value> {
        let mut line = self.answer(method, params).await?;
        assert!(line.get("error").is_none(), "{method}: {line}");
        Ok(line["result"].take())
    }

    /// Calls a method, and returns the line of its answer. Lines that come before it are discarded.
    async fn answer(&mut self, method: &str, params: Value) -> Result<Value> {
        self.next += 1;
        // An id that no other line has.
        let id = format!("call {}", self.next);
        self.write(json!({ "id": id, "method": method, "params": params }).to_string().as_bytes()).await?;
        loop {
            let line = self.lines.next_line().await?.ok_or("the server has closed the connection")?;
            let line: Value = serde_json::from_str(&line)?;
            if line["id"] == id.as_str() {
                return Ok(line);
            }
        }
    }

    /// Calls a method that has to be refused, and returns the error.
    pub(crate) async fn refused(&mut self, method: &str, params: Value) -> Result<Value> {
        let mut line = self.answer(method, params).await?;
        assert!(line.get("error").is_some(), "{method}: {line}");
        Ok(line["error"].take())
    }

    /// Ends the input, and waits for the end of the server.
    pub(crate) async fn end(self) -> Result {
        let Client { input, mut lines, served, .. } = self;
        drop(input);
        while lines.next_line().await?.is_some() {}
        Ok(served.await?)
    }
}

/// Runs a test on one thread, as the tool does.
pub(crate) fn run(test: impl AsyncFnOnce() -> Result) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = LocalSet::new();
    runtime.block_on(tasks.run_until(test()))
}

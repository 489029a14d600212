//! A server that is measured, and its clients.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::Result;

/// The binary that is measured.
const BINARY: &str = env!("CARGO_BIN_EXE_threadkeep");

pub(crate) fn hello() -> Value {
    json!({ "clientInfo": { "name": "bench", "version": "1" } })
}

pub(crate) fn ids_of(page: &Value) -> Vec<&str> {
    page["data"].as_array().into_iter().flatten().filter_map(|thread| thread["id"].as_str()).collect()
}

pub(crate) fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.arg("--home").arg(home).args(arguments);
    command
}

/// A connection: lines in and out.
pub(crate) struct Client<I, O> {
    input: I,
    output: BufReader<O>,
    line: String,
    id: u64,
}

impl<I: Write, O: Read> Client<I, O> {
    pub(crate) fn new(input: I, output: O) -> Self {
        Self { input, output: BufReader::new(output), line: String::new(), id: 0 }
    }

    pub(crate) fn call(&mut self, method: &str, params: Value) -> Result<Value> {
        self.answer(method, params)?;
        let mut answer: Value = serde_json::from_str(&self.line)?;
        Ok(answer["result"].take())
    }

    /// Reads the answer, and does not parse it: that time is the client's.
    pub(crate) fn answer(&mut self, method: &str, params: Value) -> Result {
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
                if !self.line[start.len()..].starts_with("\"result\"") {
                    return Err(format!("{method}: {}", self.line).into());
                }
                return Ok(());
            }
        }
    }
}

/// A server on stdio.
pub(crate) struct Server {
    child: Child,
    client: Client<ChildStdin, ChildStdout>,
}

impl Server {
    pub(crate) fn start(home: &Path) -> Result<Server> {
        let mut child =
            command(home, &["app-server"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (child.stdin.take().ok_or("piped")?, child.stdout.take().ok_or("piped")?);
        Ok(Server { child, client: Client::new(input, output) })
    }

    pub(crate) fn call(&mut self, method: &str, params: Value) -> Result<Value> {
        self.client.call(method, params)
    }

    pub(crate) fn answer(&mut self, method: &str, params: Value) -> Result {
        self.client.answer(method, params)
    }

    /// Waits until the history is indexed.
    pub(crate) fn until_searchable(&mut self) -> Result {
        let term = json!({ "searchTerm": "a word that no thread has", "limit": 1 });
        while self.call("thread/search", term.clone())?.get("incomplete").is_some() {
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    pub(crate) fn memory(&self, name: &str) -> Result<u64> {
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
pub(crate) fn memory(pid: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let figure = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("Linux counts memory")?;
    Ok(figure.trim().trim_end_matches("kB").trim().parse()?)
}

//! A client of the real server: on stdio, or on the socket of one in the background.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::fixture::{Fixture, Result};

/// Longest wait for a line. No test waits for it unless it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client. Notifications that come between answers are kept.
pub(crate) struct Client {
    input: Box<dyn Write>,
    lines: std::sync::mpsc::Receiver<String>,
    notifications: VecDeque<Value>,
    next: i64,
    child: Option<Child>,
}

impl Client {
    /// Starts a server on stdio, and initializes it.
    pub(crate) fn stdio(fixture: &Fixture) -> Result<Client> {
        let mut client = Client::raw(fixture)?;
        client.initialize()?;
        Ok(client)
    }

    /// Starts a server on stdio.
    pub(crate) fn raw(fixture: &Fixture) -> Result<Client> {
        let mut command = fixture.command(&["app-server"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
        let (input, output) = (child.stdin.take().ok_or("piped")?, child.stdout.take().ok_or("piped")?);
        Ok(Client::over(Box::new(input), Box::new(output), Some(child)))
    }

    /// Connects to a server in the background, and initializes the connection.
    pub(crate) fn socket(fixture: &Fixture) -> Result<Client> {
        let stream = UnixStream::connect(fixture.sqlite_home().join("app-server/socket"))?;
        let mut client = Client::over(Box::new(stream.try_clone()?), Box::new(stream), None);
        client.initialize()?;
        Ok(client)
    }

    fn over(input: Box<dyn Write>, output: Box<dyn Read + Send>, child: Option<Child>) -> Client {
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(std::io::Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Client { input, lines, notifications: VecDeque::new(), next: 0, child }
    }

    pub(crate) fn initialize(&mut self) -> Result<Value> {
        let client = json!({ "clientInfo": { "name": "it", "version": "1" } });
        let answer = self.call("initialize", client)?;
        self.write(json!({ "method": "initialized" }).to_string())?;
        Ok(answer)
    }

    /// Sends a line.
    pub(crate) fn write(&mut self, line: impl AsRef<[u8]>) -> Result {
        self.input.write_all(line.as_ref())?;
        self.input.write_all(b"\n")?;
        Ok(self.input.flush()?)
    }

    /// Sends a request, and returns its id.
    pub(crate) fn send(&mut self, method: &str, params: Value) -> Result<i64> {
        self.next += 1;
        self.write(json!({ "id": self.next, "method": method, "params": params }).to_string())?;
        Ok(self.next)
    }

    /// Returns the next line.
    pub(crate) fn line(&mut self) -> Result<Value> {
        let line = self.lines.recv_timeout(PATIENCE).map_err(|_| "the server says nothing more")?;
        Ok(serde_json::from_str(&line)?)
    }

    /// Returns the whole answer to a request.
    pub(crate) fn answer(&mut self, id: i64) -> Result<Value> {
        loop {
            let line = self.line()?;
            if line["id"] == id {
                return Ok(line);
            }
            if line.get("id").is_none() {
                self.notifications.push_back(line);
            }
        }
    }

    /// Calls a method that has to succeed.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Result<Value> {
        let id = self.send(method, params.clone())?;
        let mut answer = self.answer(id)?;
        assert!(answer.get("error").is_none(), "{method} {params}: {answer}");
        Ok(answer["result"].take())
    }

    /// Calls a method that has to be refused, and returns code and message.
    pub(crate) fn refused(&mut self, method: &str, params: Value) -> Result<(i64, String)> {
        let id = self.send(method, params.clone())?;
        let answer = self.answer(id)?;
        let error = answer.get("error").ok_or_else(|| format!("{method} {params}: {answer}"))?;
        let code = error["code"].as_i64().ok_or("an error has a code")?;
        Ok((code, error["message"].as_str().unwrap_or_default().to_owned()))
    }

    /// Returns the next notification of a method, and discards others.
    pub(crate) fn notified(&mut self, method: &str) -> Result<Value> {
        loop {
            let next = match self.notifications.pop_front() {
                Some(next) => next,
                None => self.line()?,
            };
            if next["method"] == method {
                return Ok(next["params"].clone());
            }
        }
    }

    /// Ends the input, waits for the end of the server, and returns its exit code.
    pub(crate) fn end(mut self) -> Result<Option<i32>> {
        self.input = Box::new(std::io::sink());
        let mut child = self.child.take().ok_or("a client on a socket has no process")?;
        Ok(child.wait()?.code())
    }

    pub(crate) fn process(&self) -> Result<&Child> {
        self.child.as_ref().ok_or_else(|| "a client on a socket has no process".into())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // A test that failed must leave no process.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Returns the ids of a page.
pub(crate) fn ids(page: &Value) -> Vec<String> {
    let threads = page["data"].as_array().into_iter().flatten();
    threads.filter_map(|thread| thread["id"].as_str()).map(str::to_owned).collect()
}

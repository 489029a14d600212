//! A server on this machine with prepared answers.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::Value;

/// Answer of the server.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Status line's number, headers, body.
    Whole(u16, Vec<(&'static str, String)>, String),
    /// The beginning of an answer, and then the end of the connection.
    Cut(String),
    /// The beginning of an answer, and then nothing until the client goes.
    Slow(String),
}

impl Reply {
    pub(crate) fn of(status: u16, body: &Value) -> Self {
        Self::Whole(status, Vec::new(), body.to_string())
    }
}

/// Request that the server got.
#[derive(Debug)]
pub(crate) struct Request {
    /// Request line and headers.
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// Server with one answer for each connection.
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Receiver<Request>,
}

impl Server {
    pub(crate) fn new(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let (sender, requests) = channel();
        thread::spawn(move || {
            for reply in replies {
                let (mut stream, _) = listener.accept().expect("a connection");
                let Some(request) = read(&mut stream) else { continue };
                // The test may have ended.
                let _ = sender.send(request);
                let _ = answer(&mut stream, reply);
            }
        });
        Self { url, requests }
    }

    /// Returns the requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            let body = serde_json::from_str(body).unwrap_or(Value::Null);
            return Some(Request { head: head.to_owned(), body });
        }
    }
}

fn answer(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Whole(status, headers, body) => {
            let headers: String =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n"
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(body.as_bytes())
        }
        Reply::Cut(beginning) => stream.write_all(beginning.as_bytes()),
        Reply::Slow(beginning) => {
            stream.write_all(beginning.as_bytes())?;
            stream.read(&mut [0; 1]).map(|_| ())
        }
    }
}

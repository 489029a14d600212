//! HTTP/1.1 as far as a question needs it: one request, and the head and body of its answer.

use std::io::{self, Read, Write};
use std::time::Duration;

use super::failure::{Failure, Stage};

/// Longest head of an answer, in bytes.
const LONGEST_HEAD: usize = 64 << 10;

/// Most headers of an answer.
const MOST_HEADERS: usize = 128;

/// Head of an answer.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    /// The beginning of the body.
    rest: Vec<u8>,
}

impl Head {
    /// Returns the value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns true if a list in a header has a word.
    pub(super) fn names(&self, name: &str, word: &str) -> bool {
        let of_name = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        of_name.flat_map(|(_, value)| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(word))
    }
}

/// Sends the head of a request, and reads the head of its final answer.
pub(super) fn ask(stream: &mut (impl Read + Write), request: &str, limit: Duration) -> Result<Head, Failure> {
    let failed = |error: &io::Error| Failure::of_stream(error, Stage::Answer, limit);
    stream.write_all(request.as_bytes()).and_then(|()| stream.flush()).map_err(|error| failed(&error))?;
    let mut bytes = Vec::new();
    loop {
        if let Some(head) = parse(&mut bytes)? {
            return Ok(head);
        }
        if bytes.len() > LONGEST_HEAD {
            return Err(Failure::Http("the head of the answer has no end"));
        }
        if read_more(stream, &mut bytes).map_err(|error| failed(&error))? == 0 {
            let cause =
                if bytes.is_empty() { "the server closed the connection" } else { "the answer is cut" };
            return Err(Failure::Http(cause));
        }
    }
}

/// Reads the body of an answer, up to a number of bytes.
pub(super) fn body(
    stream: &mut impl Read,
    head: Head,
    most: usize,
    limit: Duration,
) -> Result<Vec<u8>, Failure> {
    let is_chunked = head.names("Transfer-Encoding", "chunked");
    let length = head.header("Content-Length").filter(|_| !is_chunked);
    let length = length.and_then(|length| length.trim().parse::<usize>().ok());
    let mut bytes = head.rest;
    loop {
        // The last chunk is empty, and ends as a head does.
        if is_chunked && bytes.ends_with(b"\r\n\r\n") {
            if let Some(body) = chunks(&bytes)? {
                return Ok(body);
            }
        } else if let Some(body) = length.and_then(|length| bytes.get(..length)) {
            return Ok(body.to_vec());
        }
        if bytes.len() > most {
            return Err(Failure::Http("the answer is too long"));
        }
        match read_more(stream, &mut bytes) {
            Ok(0) if is_chunked => return chunks(&bytes)?.ok_or(Failure::Http("the answer is cut")),
            Ok(0) if length.is_some() => return Err(Failure::Http("the answer is cut")),
            Ok(0) => return Ok(bytes),
            Ok(_) => {}
            Err(error) => return Err(Failure::of_stream(&error, Stage::Answer, limit)),
        }
    }
}

fn read_more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; 8 << 10];
    let read = match stream.read(&mut buffer) {
        // Many servers close an encrypted connection without saying so.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) =>
        {
            0
        }
        read => read?,
    };
    bytes.extend_from_slice(&buffer[..read]);
    Ok(read)
}

/// Parses a head, if it is whole. Answers before the final one are dropped.
fn parse(bytes: &mut Vec<u8>) -> Result<Option<Head>, Failure> {
    loop {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(Failure::Http("the answer is not HTTP/1.1")),
        };
        let status = response.code.unwrap_or(0);
        if status == 101 || status >= 200 {
            let text = |header: &httparse::Header<'_>| {
                (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned())
            };
            let headers = response.headers.iter().map(text).collect();
            return Ok(Some(Head { status, headers, rest: bytes.split_off(length) }));
        }
        bytes.drain(..length);
    }
}

/// Joins the chunks of a body, if its last one is there.
fn chunks(mut bytes: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
    let mut body = Vec::new();
    loop {
        let (start, size) = match httparse::parse_chunk_size(bytes) {
            Ok(httparse::Status::Complete(found)) => found,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(Failure::Http("the answer is not HTTP/1.1")),
        };
        if size == 0 {
            return Ok(Some(body));
        }
        let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size));
        let Some(chunk) = end.and_then(|end| bytes.get(start..end)) else { return Ok(None) };
        body.extend_from_slice(chunk);
        bytes = bytes.get(start + chunk.len() + 2..).unwrap_or_default();
    }
}

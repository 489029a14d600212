//! The output of a child process, of which the end is kept.

use std::io::{self, PipeReader, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

/// Bytes that are kept. Fewer are shown, so that a secret that lost its beginning is not shown.
const KEPT: usize = 64 << 10;

/// End of an output.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: Vec<u8>,
    total: u64,
}

impl Tail {
    /// Adds bytes and discards the oldest ones.
    fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        // Not at every push, because it moves the rest.
        if self.bytes.len() > 2 * KEPT {
            self.bytes.drain(..self.bytes.len() - KEPT);
        }
    }

    /// Returns the number of bytes of the whole output.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Returns the end as text: whole lines, without control characters.
    pub(crate) fn text(&self) -> String {
        let start = self.bytes.len().saturating_sub(KEPT);
        let mut bytes = &self.bytes[start..];
        if self.total > bytes.len() as u64 {
            let newline = bytes.iter().position(|byte| *byte == b'\n');
            bytes = newline.map_or(bytes, |newline| &bytes[newline + 1..]);
        }
        printable(&String::from_utf8_lossy(bytes))
    }
}

/// Removes colours and other control sequences of terminals.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char == '\u{1b}' && chars.next_if_eq(&'[').is_some() {
            chars.find(|char| ('@'..='~').contains(char));
        } else if !char.is_control() || char == '\n' || char == '\t' {
            printable.push(char);
        }
    }
    printable
}

/// Returns the last lines of a text, at most `max` bytes of it.
pub(crate) fn excerpt(text: &str, max: usize) -> String {
    let text = text.trim_end();
    if text.len() <= max {
        return text.to_owned();
    }
    let start = (text.len() - max..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let tail = &text[start..];
    format!("…{}", tail.find('\n').map_or(tail, |newline| &tail[newline..]))
}

/// Capture of an output, by a thread of its own: no reader must ever keep the program waiting.
#[derive(Debug)]
pub(crate) struct Capture {
    tail: Arc<Mutex<Tail>>,
    end: oneshot::Receiver<()>,
}

impl Capture {
    /// Begins to read.
    pub(crate) fn of(mut reader: PipeReader) -> io::Result<Self> {
        let tail = Arc::new(Mutex::new(Tail::default()));
        let (sender, end) = oneshot::channel();
        let shared = Arc::clone(&tail);
        thread::Builder::new().name("memory-agent-output".to_owned()).spawn(move || {
            let mut buffer = vec![0; 16 << 10];
            loop {
                match reader.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(read) => shared.lock().unwrap_or_else(PoisonError::into_inner).push(&buffer[..read]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            drop(sender);
        })?;
        Ok(Self { tail, end })
    }

    /// Returns the output, after its end or `patience`: a process that could not be ended may keep
    /// it open.
    pub(crate) async fn finish(self, patience: Duration) -> Tail {
        let _ = tokio::time::timeout(patience, self.end).await;
        std::mem::take(&mut *self.tail.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept() {
        let mut tail = Tail::default();
        for n in 0..100_000 {
            tail.push(format!("{n} {}\n", "x".repeat(1_000)).as_bytes());
        }
        assert!(tail.total() > 100_000_000);
        assert!(tail.bytes.capacity() <= 4 * KEPT, "{}", tail.bytes.capacity());
        let text = tail.text();
        assert!(text.len() <= KEPT && text.ends_with("x\n") && text.contains("\n99999 x"));
        let first = text.lines().next().expect("a line");
        assert_eq!(first.len(), "99999 ".len() + 1_000, "the first line is whole");
    }

    #[test]
    fn control_characters_go() {
        assert_eq!(printable("a\u{1b}[1;31mred\u{1b}[0m\r\n\tb\u{7}"), "ared\n\tb");
    }

    #[test]
    fn excerpts_are_the_last_lines() {
        assert_eq!(excerpt("one\ntwo\n", 99), "one\ntwo");
        assert_eq!(excerpt("one\ntwo\nthree", 8), "…\nthree");
        assert_eq!(excerpt("öööö", 5), "…öö");
    }
}

//! Splits a stream of bytes into lines without ever failing on what is in them.
//!
//! Memory is bounded: a line that is wanted grows the buffer up to [`MAX_LINE`], any other line is passed over in
//! chunks. The last [`GUARD`] bytes before the current line always stay in the buffer, so that a checkpoint can
//! take their checksum without reading them again.

use std::io::{self, Read};

use memchr::memchr;

use crate::raw_line::{RawLine, trim};
use crate::skipped::{BadLine, BadReason};

/// The longest line that is read whole: 16 MiB.
pub const MAX_LINE: usize = 16 * 1024 * 1024;
/// How many bytes before a checkpoint's offset its guard covers.
pub(crate) const GUARD: usize = 4096;
/// Small enough for a second-level cache, large enough that system calls do not count.
const BUFFER: usize = 256 * 1024;
/// How much of a line that is passed over is kept: enough for its time and type.
const HEAD: usize = 1024;

/// The reusable memory of a [`LineReader`].
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    head: Vec<u8>,
    before: Vec<u8>,
}

#[cfg(test)]
impl Buffer {
    /// How much memory is held between two files.
    pub(crate) fn retained(&self) -> usize {
        self.bytes.capacity() + self.head.capacity() + self.before.capacity()
    }
}

/// Where a line stands in the [`Buffer`].
pub(crate) struct Found {
    from: usize,
    to: usize,
    terminated: bool,
    /// Of a line that has been passed over.
    passed: Option<Passed>,
}

/// What is known of a line of which only the head is kept.
struct Passed {
    offset: u64,
    utf8: bool,
    last: u8,
}

/// Reads lines out of `source`.
pub(crate) struct LineReader<R> {
    source: R,
    buffer: Buffer,
    /// The stream's offset of the buffer's first byte.
    base: u64,
    /// The first byte of the current line.
    start: usize,
    /// Up to where the current line has been searched for a newline.
    scanned: usize,
    end: usize,
    /// Every byte of the buffer from here on is ASCII.
    ascii_from: usize,
    number: u64,
    eof: bool,
    /// Where the line starts that has been read without its end.
    open: Option<u64>,
}

impl<R: Read> LineReader<R> {
    /// Starts at `offset`, the start of line `number + 1`; `before` are the bytes before it.
    pub(crate) fn new(source: R, mut buffer: Buffer, offset: u64, number: u64, before: &[u8]) -> Self {
        if buffer.bytes.is_empty() {
            buffer.bytes.resize(BUFFER, 0);
        }
        let start = before.len().min(GUARD);
        buffer.bytes[..start].copy_from_slice(&before[before.len() - start..]);
        let base = offset - start as u64;
        Self {
            source,
            buffer,
            base,
            start,
            scanned: start,
            end: start,
            ascii_from: start,
            number,
            eof: false,
            open: None,
        }
    }

    /// Takes the memory out again, without what one exceptionally long line took.
    pub(crate) fn into_buffer(mut self) -> Buffer {
        if self.buffer.bytes.len() > BUFFER {
            self.buffer.bytes.truncate(BUFFER);
            self.buffer.bytes.shrink_to_fit();
        }
        self.buffer
    }

    /// The rest of the stream, where damage has cut it off.
    pub(crate) fn truncated(&self) -> BadLine {
        BadLine { offset: self.offset(), line_number: self.number + 1, reason: BadReason::Truncated }
    }

    /// Behind the last line that a newline ended.
    pub(crate) fn offset(&self) -> u64 {
        self.open.unwrap_or(self.base + self.start as u64)
    }

    /// The bytes before that offset, at most [`GUARD`] of them.
    pub(crate) fn before(&self) -> &[u8] {
        match self.open {
            Some(_) => &self.buffer.before,
            None => &self.buffer.bytes[self.start.saturating_sub(GUARD)..self.start],
        }
    }

    /// How far the source has been read.
    pub(crate) fn position(&self) -> u64 {
        self.base + self.end as u64
    }

    /// Remembers where a line starts that may turn out to have no end.
    fn begin_open(&mut self) {
        self.open = Some(self.base + self.start as u64);
        self.buffer.before.clear();
        self.buffer
            .before
            .extend_from_slice(&self.buffer.bytes[self.start.saturating_sub(GUARD)..self.start]);
    }

    /// The next line. A line longer than the buffer is read whole if `wanted` says so of its head.
    pub(crate) fn next(&mut self, wanted: impl Fn(&[u8]) -> bool) -> io::Result<Option<RawLine<'_>>> {
        Ok(self.advance(wanted)?.map(|found| self.line(&found)))
    }

    /// Goes to the next line that is not blank, whole if it can be.
    pub(crate) fn find_filled(&mut self) -> io::Result<Option<Found>> {
        loop {
            match self.advance(|_| true)? {
                Some(found) if self.is_blank(&found) => {}
                found => return Ok(found),
            }
        }
    }

    #[inline]
    fn advance(&mut self, wanted: impl Fn(&[u8]) -> bool) -> io::Result<Option<Found>> {
        loop {
            if let Some(found) = memchr(b'\n', &self.buffer.bytes[self.scanned..self.end]) {
                let (from, to) = (self.start, self.scanned + found);
                self.start = to + 1;
                self.scanned = self.start;
                self.number += 1;
                return Ok(Some(Found { from, to, terminated: true, passed: None }));
            }
            self.scanned = self.end;
            if self.eof {
                if self.start == self.end {
                    return Ok(None);
                }
                self.begin_open();
                let from = self.start;
                self.start = self.end;
                self.number += 1;
                return Ok(Some(Found { from, to: self.end, terminated: false, passed: None }));
            }
            if !self.make_room(&wanted) {
                return self.pass_over().map(Some);
            }
            self.fill()?;
        }
    }

    fn is_blank(&self, found: &Found) -> bool {
        let bytes = || trim(&self.buffer.bytes[found.from..found.to], self.base + found.from as u64 == 0);
        found.passed.as_ref().map_or_else(|| bytes().is_empty(), |passed| passed.last == 0)
    }

    /// The line that was found last.
    #[inline]
    pub(crate) fn line(&self, found: &Found) -> RawLine<'_> {
        let Found { from, to, terminated, ref passed } = *found;
        if let Some(Passed { offset, utf8, last }) = *passed {
            let bytes = trim(&self.buffer.head, offset == 0);
            return RawLine { offset, number: self.number, bytes, whole: false, terminated, utf8, last };
        }
        let bytes = &self.buffer.bytes[from..to];
        let utf8 = from >= self.ascii_from || std::str::from_utf8(bytes).is_ok();
        let offset = self.base + from as u64;
        let bytes = trim(bytes, offset == 0);
        let last = bytes.last().copied().unwrap_or(0);
        let whole = bytes.len() <= MAX_LINE;
        RawLine { offset, number: self.number, bytes, whole, terminated, utf8, last }
    }

    /// Reads once. 0 at the end.
    fn fill(&mut self) -> io::Result<usize> {
        loop {
            match self.source.read(&mut self.buffer.bytes[self.end..]) {
                Ok(read) => {
                    let to = self.end + read;
                    if !self.buffer.bytes[self.end..to].is_ascii() {
                        self.ascii_from = to;
                    }
                    self.end = to;
                    self.eof = read == 0;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    // What came before the error is kept: it ends the stream for whoever goes on.
                    self.eof = true;
                    return Err(error);
                }
            }
        }
    }

    /// Makes room to read more of the current line. `false`: the line is too long to be read whole.
    fn make_room(&mut self, wanted: &impl Fn(&[u8]) -> bool) -> bool {
        if self.buffer.bytes.len() - self.end >= BUFFER / 4 {
            return true;
        }
        self.drop_front(self.start.saturating_sub(GUARD));
        if self.buffer.bytes.len() - self.end >= BUFFER / 4 {
            return true;
        }
        let length = self.end - self.start;
        if length >= MAX_LINE || !wanted(&self.buffer.bytes[self.start..self.end]) {
            return false;
        }
        let size = (self.buffer.bytes.len() * 2).min(MAX_LINE + GUARD + BUFFER);
        self.buffer.bytes.resize(size, 0);
        true
    }

    fn drop_front(&mut self, count: usize) {
        self.buffer.bytes.copy_within(count..self.end, 0);
        self.base += count as u64;
        self.start -= count;
        self.end -= count;
        self.scanned = self.scanned.saturating_sub(count).max(self.start);
        self.ascii_from = self.ascii_from.saturating_sub(count);
    }

    /// Goes on to the end of the current line without keeping more than its head.
    fn pass_over(&mut self) -> io::Result<Found> {
        self.begin_open();
        let offset = self.base + self.start as u64;
        let length = self.end - self.start;
        self.buffer.head.clear();
        self.buffer.head.extend_from_slice(&self.buffer.bytes[self.start..self.start + length.min(HEAD)]);
        let (mut utf8, mut last) = (true, 0);
        let terminated = loop {
            let newline =
                memchr(b'\n', &self.buffer.bytes[self.scanned..self.end]).map(|at| self.scanned + at);
            let chunk = &self.buffer.bytes[self.start..newline.unwrap_or(self.end)];
            last = trim(chunk, false).last().copied().unwrap_or(last);
            let checked = match std::str::from_utf8(chunk) {
                Ok(_) => chunk.len(),
                // A character that the chunk's end cuts is looked at again with what follows it.
                Err(error) if error.error_len().is_none() && newline.is_none() => error.valid_up_to(),
                Err(_) => {
                    utf8 = false;
                    chunk.len()
                }
            };
            if let Some(newline) = newline {
                self.start = newline + 1;
                self.scanned = self.start;
                self.open = None;
                break true;
            }
            self.start += checked;
            self.scanned = self.end;
            if self.eof {
                utf8 &= self.start == self.end;
                self.start = self.end;
                break false;
            }
            self.drop_front(self.start.saturating_sub(GUARD));
            self.fill()?;
        };
        self.number += 1;
        Ok(Found {
            from: self.start,
            to: self.start,
            terminated,
            passed: Some(Passed { offset, utf8, last }),
        })
    }
}

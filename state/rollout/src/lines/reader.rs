//! Splits a stream of bytes into lines, and never fails because of their content. Records without a
//! newline between them are lines, too.
//!
//! Memory is bounded: a wanted line grows the buffer up to [`MAX_LINE`], any other long line is
//! read in chunks and dropped.

use std::io::{self, Read};

use memchr::{memchr, memmem};

use super::block::{BLOCK, Block, Buffer, GUARD, SEAM};
use super::raw_line::{RawLine, trim};
use super::skipped::{BadLine, BadReason};

/// The longest line that is read whole: 16 MiB.
pub const MAX_LINE: usize = 16 * 1024 * 1024;
/// Bytes of a dropped line that are kept: enough for its time and type.
const HEAD: usize = 1024;

/// Place of a line in the buffer.
pub(crate) struct Found {
    from: usize,
    to: usize,
    terminated: bool,
    /// Set for a line that was dropped.
    dropped: Option<Dropped>,
}

/// Properties of a line of which only the head is kept.
struct Dropped {
    offset: u64,
    utf8: bool,
    last: u8,
}

/// Reader of lines.
pub(crate) struct LineReader<R> {
    block: Block<R>,
    head: Vec<u8>,
    /// First byte of the current line.
    start: usize,
    /// End of the bytes that were searched for a newline.
    scanned: usize,
    number: u64,
    /// Offset of the line that has no newline, and the guarded bytes before it.
    open: Option<u64>,
    before: Vec<u8>,
}

impl<R: Read> LineReader<R> {
    /// Begins at `offset`, the start of line `number + 1`, behind the bytes `before`.
    pub(crate) fn new(source: R, buffer: Buffer, offset: u64, number: u64, before: &[u8]) -> Self {
        let block = Block::new(source, buffer.bytes, offset, before);
        let start = block.end;
        let Buffer { head, before, .. } = buffer;
        Self { block, head, start, scanned: start, number, open: None, before }
    }

    /// Returns the memory, without the memory that an exceptionally long line needed.
    pub(crate) fn into_buffer(self) -> Buffer {
        Buffer { bytes: self.block.into_bytes(), head: self.head, before: self.before }
    }

    /// Returns the stream.
    pub(crate) fn source(&self) -> &R {
        self.block.source()
    }

    /// Returns the rest of the stream as a bad line, after an error that means damage.
    pub(crate) fn truncated(&self) -> BadLine {
        BadLine { offset: self.offset(), line_number: self.number + 1, reason: BadReason::Truncated }
    }

    /// Returns the offset after the last line that a newline ended.
    pub(crate) fn offset(&self) -> u64 {
        self.open.unwrap_or(self.block.base + self.start as u64)
    }

    /// Returns the guarded bytes before that offset.
    pub(crate) fn before(&self) -> &[u8] {
        if self.open.is_some() { &self.before } else { self.block.before(self.start) }
    }

    /// Returns the number of bytes read from the stream's beginning on.
    pub(crate) fn position(&self) -> u64 {
        self.block.base + self.block.end as u64
    }

    /// Returns the next line. A line longer than the buffer is read whole if `wanted` accepts its
    /// head.
    pub(crate) fn next(&mut self, wanted: impl Fn(&[u8]) -> bool) -> io::Result<Option<RawLine<'_>>> {
        Ok(self.advance(wanted)?.map(|found| self.line(&found)))
    }

    /// Finds the next line that is not blank, like [`LineReader::next`].
    pub(crate) fn find_filled(&mut self, wanted: impl Fn(&[u8]) -> bool) -> io::Result<Option<Found>> {
        loop {
            match self.advance(&wanted)? {
                Some(found) if self.is_blank(&found) => {}
                found => return Ok(found),
            }
        }
    }

    /// Finds the next line, like [`LineReader::next`].
    pub(crate) fn find(&mut self, wanted: impl Fn(&[u8]) -> bool) -> io::Result<Option<Found>> {
        self.advance(wanted)
    }

    /// Returns the guarded bytes before the line that was found last.
    pub(crate) fn before_line(&self, found: &Found) -> &[u8] {
        if found.dropped.is_some() { &self.before } else { self.block.before(found.from) }
    }

    fn is_blank(&self, found: &Found) -> bool {
        let is_first = self.block.base + found.from as u64 == 0;
        match &found.dropped {
            Some(dropped) => dropped.last == 0,
            None => trim(self.block.get(found.from, found.to), is_first).is_empty(),
        }
    }

    /// Returns the line that was found last.
    #[inline(always)]
    pub(crate) fn line(&self, found: &Found) -> RawLine<'_> {
        let Found { from, to, terminated, ref dropped } = *found;
        let (number, end) = (self.number, self.block.base + self.start as u64);
        if let Some(Dropped { offset, utf8, last }) = *dropped {
            let bytes = trim(&self.head, offset == 0);
            return RawLine { offset, end, number, bytes, whole: false, terminated, utf8, last };
        }
        let offset = self.block.base + from as u64;
        let bytes = self.block.get(from, to);
        let utf8 = self.block.ascii || bytes.is_ascii() || std::str::from_utf8(bytes).is_ok();
        let bytes = trim(bytes, offset == 0);
        let last = bytes.last().copied().unwrap_or(0);
        let whole = bytes.len() <= MAX_LINE;
        RawLine { offset, end, number, bytes, whole, terminated, utf8, last }
    }

    #[inline]
    fn advance(&mut self, wanted: impl Fn(&[u8]) -> bool) -> io::Result<Option<Found>> {
        loop {
            if let Some((to, next)) = self.line_end() {
                let from = self.go_to(next);
                return Ok(Some(Found { from, to, terminated: true, dropped: None }));
            }
            self.scanned = self.block.end;
            if self.block.eof {
                if self.start == self.block.end {
                    return Ok(None);
                }
                self.begin_open();
                let (from, to) = (self.start, self.block.end);
                self.start = to;
                self.number += 1;
                return Ok(Some(Found { from, to, terminated: false, dropped: None }));
            }
            if !self.make_room(&wanted) {
                return self.drop_line().map(Some);
            }
            self.block.fill()?;
        }
    }

    /// Returns the end of the current line and the start of the next: around a newline, or between
    /// two records without one.
    #[inline]
    fn line_end(&self) -> Option<(usize, usize)> {
        let newline = memchr(b'\n', self.block.get(self.scanned, self.block.end)).map(|at| self.scanned + at);
        if self.block.has_seam {
            let from = self.scanned.saturating_sub(SEAM.len() - 1).max(self.start);
            let seam = memmem::find(self.block.get(from, newline.unwrap_or(self.block.end)), SEAM);
            if let Some(at) = seam {
                return Some((from + at + 1, from + at + 1));
            }
        }
        newline.map(|newline| (newline, newline + 1))
    }

    /// Moves to the next line. Returns where the current one started.
    #[inline]
    fn go_to(&mut self, next: usize) -> usize {
        self.scanned = next;
        self.number += 1;
        std::mem::replace(&mut self.start, next)
    }

    /// Notes the start of a line that may have no newline.
    fn begin_open(&mut self) {
        self.open = Some(self.block.base + self.start as u64);
        self.before.clear();
        self.before.extend_from_slice(self.block.before(self.start));
    }

    /// Makes room to read more of the current line. Returns false if the line cannot be read whole.
    fn make_room(&mut self, wanted: &impl Fn(&[u8]) -> bool) -> bool {
        if self.block.has_room() {
            return true;
        }
        self.drop_front();
        if !self.block.has_room() {
            let length = self.block.end - self.start;
            if length >= MAX_LINE || !wanted(self.block.get(self.start, self.block.end)) {
                return false;
            }
            self.block.grow(MAX_LINE + GUARD + BLOCK);
        }
        true
    }

    fn drop_front(&mut self) {
        let moved = self.block.drop_before(self.start);
        self.start -= moved;
        self.scanned = self.scanned.saturating_sub(moved).max(self.start);
    }

    /// Reads to the end of the current line, and keeps no more than its head.
    fn drop_line(&mut self) -> io::Result<Found> {
        self.begin_open();
        let offset = self.block.base + self.start as u64;
        let head = self.start + (self.block.end - self.start).min(HEAD);
        self.head.clear();
        self.head.extend_from_slice(self.block.get(self.start, head));
        let (mut utf8, mut last) = (true, 0);
        let terminated = loop {
            let end = self.line_end();
            let chunk = self.block.get(self.start, end.map_or(self.block.end, |(end, _)| end));
            last = trim(chunk, false).last().copied().unwrap_or(last);
            let checked = match std::str::from_utf8(chunk) {
                Ok(_) => chunk.len(),
                // A character that the chunk's end cuts is checked again with the next chunk.
                Err(error) if error.error_len().is_none() && end.is_none() => error.valid_up_to(),
                Err(_) => {
                    utf8 = false;
                    chunk.len()
                }
            };
            if let Some((_, next)) = end {
                self.go_to(next);
                self.open = None;
                break true;
            }
            self.start += checked;
            self.scanned = self.block.end;
            if self.block.eof {
                utf8 &= self.start == self.block.end;
                self.start = self.block.end;
                self.number += 1;
                break false;
            }
            self.drop_front();
            self.block.fill()?;
        };
        let dropped = Some(Dropped { offset, utf8, last });
        Ok(Found { from: self.start, to: self.start, terminated, dropped })
    }
}

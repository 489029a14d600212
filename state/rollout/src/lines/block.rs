//! Bytes of a stream, read ahead into one reusable buffer.

use std::io::{self, Read};

use memchr::memmem;

/// Bytes before the current line that stay in the buffer: the range of a checkpoint's guard.
pub(crate) const GUARD: usize = 4096;
/// Small enough for a second-level cache, large enough that system calls do not count.
pub(super) const BLOCK: usize = 64 * 1024;

/// End of a record and beginning of the next one. No JSON has these bytes: in a string, the quotes
/// would be escaped. An agent that is killed may leave out the newline between two records.
pub(super) const SEAM: &[u8] = b"}{\"timestamp\":";

/// The reusable memory of a [`LineReader`](super::reader::LineReader).
#[derive(Default)]
pub(crate) struct Buffer {
    pub(super) bytes: Vec<u8>,
    pub(super) head: Vec<u8>,
    pub(super) before: Vec<u8>,
}

#[cfg(test)]
impl Buffer {
    /// Returns the memory that is held between two files.
    pub(crate) fn retained(&self) -> usize {
        self.bytes.capacity() + self.head.capacity() + self.before.capacity()
    }
}

/// Window on a stream: its bytes from `base` on, up to `end` in the buffer.
pub(super) struct Block<R> {
    source: R,
    bytes: Vec<u8>,
    /// Offset of the buffer's first byte in the stream.
    pub(super) base: u64,
    pub(super) end: usize,
    pub(super) eof: bool,
    /// True if every byte up to `end` is ASCII, as nearly always. Checking a block costs less than
    /// checking its lines.
    pub(super) ascii: bool,
    /// True if a seam is in the buffer. Searching a block costs less than searching its lines.
    pub(super) has_seam: bool,
}

impl<R: Read> Block<R> {
    /// Begins at the stream's `offset`, behind the bytes `before`.
    pub(super) fn new(source: R, mut bytes: Vec<u8>, offset: u64, before: &[u8]) -> Self {
        if bytes.is_empty() {
            bytes.resize(BLOCK, 0);
        }
        let end = before.len().min(GUARD);
        bytes[..end].copy_from_slice(&before[before.len() - end..]);
        let (base, ascii) = (offset - end as u64, before.is_ascii());
        Self { source, bytes, base, end, eof: false, ascii, has_seam: false }
    }

    /// Returns the stream.
    pub(super) fn source(&self) -> &R {
        &self.source
    }

    /// Returns the memory, without the memory that an exceptionally long line needed.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        if self.bytes.len() > BLOCK {
            self.bytes.truncate(BLOCK);
            self.bytes.shrink_to_fit();
        }
        self.bytes
    }

    pub(super) fn get(&self, from: usize, to: usize) -> &[u8] {
        &self.bytes[from..to]
    }

    /// Returns the guarded bytes before `at`.
    pub(super) fn before(&self, at: usize) -> &[u8] {
        &self.bytes[at.saturating_sub(GUARD)..at]
    }

    /// Returns true if a read is worth its system call.
    pub(super) fn has_room(&self) -> bool {
        self.bytes.len() - self.end >= BLOCK / 4
    }

    /// Doubles the buffer, up to `max` bytes.
    pub(super) fn grow(&mut self, max: usize) {
        self.bytes.resize((self.bytes.len() * 2).min(max), 0);
    }

    /// Reads once. Sets `eof` at the end, and after an error: the bytes before the error are kept.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        loop {
            match self.source.read(&mut self.bytes[self.end..]) {
                Ok(read) => {
                    self.ascii &= self.bytes[self.end..self.end + read].is_ascii();
                    let new = self.end.saturating_sub(SEAM.len() - 1)..self.end + read;
                    self.has_seam = self.has_seam || memmem::find(&self.bytes[new], SEAM).is_some();
                    self.end += read;
                    self.eof = read == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.eof = true;
                    return Err(error);
                }
            }
        }
    }

    /// Drops the bytes before `start` that no guard needs. Returns how far the others moved.
    pub(super) fn drop_before(&mut self, start: usize) -> usize {
        let count = start.saturating_sub(GUARD);
        self.bytes.copy_within(count..self.end, 0);
        self.base += count as u64;
        self.end -= count;
        self.ascii = self.ascii || self.bytes[..self.end].is_ascii();
        self.has_seam = self.has_seam && memmem::find(&self.bytes[..self.end], SEAM).is_some();
        count
    }
}

//! A line as it is written, and its visible faults.

use super::skipped::{BadLine, BadReason};

/// Line as it is written, without its newline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawLine<'a> {
    /// (Decompressed) byte where the line starts.
    pub(crate) offset: u64,
    /// (Decompressed) byte where the next line starts.
    pub(crate) end: u64,
    /// The line's number, from 1.
    pub(crate) number: u64,
    /// The line without white space, NUL bytes and a byte order mark around it; only its head, if
    /// not `whole`.
    pub(crate) bytes: &'a [u8],
    /// True if `bytes` is the whole line.
    pub(crate) whole: bool,
    /// True if a newline ended it.
    pub(crate) terminated: bool,
    /// True if the whole line is UTF-8.
    pub(crate) utf8: bool,
    /// The line's last byte that is neither white space nor NUL; 0 if there is none.
    pub(crate) last: u8,
}

impl<'a> RawLine<'a> {
    /// Returns true if the line is blank.
    pub(crate) fn is_blank(&self) -> bool {
        self.last == 0
    }

    /// Returns the visible fault of a line that is not blank, without parsing it.
    pub(crate) fn fault(&self, needed_whole: bool) -> Option<BadReason> {
        if !self.utf8 {
            Some(BadReason::NotUtf8)
        } else if self.bytes.first() != Some(&b'{') || self.last != b'}' {
            Some(BadReason::NotJson)
        } else {
            (needed_whole && !self.whole).then_some(BadReason::TooLong)
        }
    }

    /// Parses a line that is not blank as JSON.
    pub(crate) fn parse<T>(&self, parse: impl FnOnce(&'a str) -> Option<T>) -> Result<T, BadReason> {
        let text = || std::str::from_utf8(self.bytes).map_err(|_| BadReason::NotUtf8);
        let parse = |text| parse(text).ok_or(BadReason::NotJson);
        match self.fault(true).map_or_else(text, Err).and_then(parse) {
            // A line without a newline is not finished, so that its other faults do not count.
            Err(BadReason::NotUtf8 | BadReason::NotJson) if !self.terminated => Err(BadReason::Torn),
            parsed => parsed,
        }
    }

    pub(crate) fn bad(&self, reason: BadReason) -> BadLine {
        BadLine { offset: self.offset, line_number: self.number, reason }
    }
}

/// Trims white space and NUL bytes, which a crash of the machine leaves, and from the first line a
/// byte order mark.
pub(crate) fn trim(mut bytes: &[u8], first: bool) -> &[u8] {
    if first {
        bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    }
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
    while let [rest @ .., last] = bytes
        && blank(last)
    {
        bytes = rest;
    }
    while let [first, rest @ ..] = bytes
        && blank(first)
    {
        bytes = rest;
    }
    bytes
}

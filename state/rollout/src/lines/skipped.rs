//! Lines that could not be read: counted, the first of them described, never fatal.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How many skipped lines are described one by one.
pub const MAX_BAD_LINES: usize = 8;

/// Why a line was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BadReason {
    /// It is not UTF-8.
    NotUtf8,
    /// It is not a JSON object.
    NotJson,
    /// It would matter and is longer than [`MAX_LINE`](crate::MAX_LINE).
    TooLong,
    /// It is the file's last line, has no newline, and is not complete.
    Torn,
    /// The compressed stream is cut off or damaged here; what follows cannot be read.
    Truncated,
}

impl BadReason {
    /// Returns the stable word for this reason, the same as in JSON: `not_utf8`, `not_json`, `too_long`, `torn` or
    /// `truncated`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::NotJson => "not_json",
            Self::TooLong => "too_long",
            Self::Torn => "torn",
            Self::Truncated => "truncated",
        }
    }
}

impl fmt::Display for BadReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotUtf8 => "not UTF-8",
            Self::NotJson => "not a JSON object",
            Self::TooLong => "longer than 16 MiB",
            Self::Torn => "torn: the file ends in the middle of the line",
            Self::Truncated => "the compressed stream is cut off or damaged here",
        })
    }
}

/// A line that was skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadLine {
    /// Where it starts, in bytes; of a compressed file, in decompressed bytes.
    pub offset: u64,
    /// Its number, from 1.
    pub line_number: u64,
    /// What is wrong with it.
    pub reason: BadReason,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} (byte {}): {}", self.line_number, self.offset, self.reason)
    }
}

/// The lines of a file that were skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedLines {
    /// How many there are.
    pub count: u64,
    /// The first [`MAX_BAD_LINES`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<BadLine>,
}

impl SkippedLines {
    /// Whether every line was read.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn add(&mut self, bad: BadLine) {
        self.count += 1;
        if self.first.len() < MAX_BAD_LINES {
            self.first.push(bad);
        }
    }
}

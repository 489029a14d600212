//! Lines that could not be read. All are counted, the first are described, none is fatal.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most skipped lines that are described one by one.
pub const MAX_BAD_LINES: usize = 8;

/// Reason why a line was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BadReason {
    /// The line is not UTF-8.
    NotUtf8,
    /// The line is not a JSON object.
    NotJson,
    /// The line would matter, and is longer than [`MAX_LINE`](crate::MAX_LINE).
    TooLong,
    /// The file ends in the middle of the line.
    Torn,
    /// The compressed stream is cut off or damaged here; the rest cannot be read.
    Truncated,
}

impl BadReason {
    /// Returns the stable word for this reason, the same as in JSON: `not_utf8`, `not_json`,
    /// `too_long`, `torn` or `truncated`.
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

/// Skipped line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadLine {
    /// Byte where the line starts; of a compressed file, the decompressed byte.
    pub offset: u64,
    /// The line's number, from 1.
    pub line_number: u64,
    /// Reason.
    pub reason: BadReason,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} (byte {}): {}", self.line_number, self.offset, self.reason)
    }
}

/// Skipped lines of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedLines {
    /// Number of skipped lines.
    pub count: u64,
    /// The first [`MAX_BAD_LINES`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<BadLine>,
}

impl SkippedLines {
    /// Returns true if every line was read.
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

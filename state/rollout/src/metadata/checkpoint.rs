//! Checkpoint of an extraction, so that the next one reads only appended lines.

use serde::{Deserialize, Serialize};

use super::state::State;
use crate::chain::link::BaseProblem;
use crate::lines::block::GUARD;
use crate::lines::skipped::SkippedLines;

/// Version of the stored state. Increment it when the state's meaning changes: older checkpoints
/// are then ignored.
const VERSION: u32 = 13;

/// Offset in a rollout, and the state after the lines before it. Stored as JSON.
///
/// The offset is after the last newline: a tail without one is read again next time. A checksum of
/// the file's identity and of the [`GUARDED`](Self::GUARDED) bytes before the offset detects a file
/// that was replaced or rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    #[serde(rename = "v")]
    version: u32,
    pub(crate) offset: u64,
    pub(crate) lines: u64,
    #[serde(default, skip_serializing_if = "SkippedLines::is_empty")]
    pub(crate) skipped: SkippedLines,
    /// Checksum of the file's identity and of the bytes before the offset.
    pub(crate) guard: u32,
    /// Reason why the state lacks something of the files before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base_problem: Option<BaseProblem>,
    /// True if all lines so far were copied from another thread.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_copied: bool,
    pub(crate) state: State,
}

impl Checkpoint {
    /// Number of bytes before the offset that are compared. A change of earlier ones in the file's
    /// place is not noticed.
    pub const GUARDED: usize = GUARD;

    pub(crate) fn new(offset: u64, lines: u64, skipped: SkippedLines, guard: u32, state: State) -> Self {
        Self { version: VERSION, offset, lines, skipped, guard, base_problem: None, is_copied: false, state }
    }

    /// Returns the offset after the last complete line; for a compressed file, in the
    /// decompressed bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the number of lines before the offset.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Returns true if this build understands the checkpoint.
    pub(crate) fn is_current(&self) -> bool {
        self.version == VERSION
    }

    /// Returns true if lines can follow. A base that was missing may be there now, and only the
    /// source of copied lines says where they end.
    pub(crate) fn is_whole(&self) -> bool {
        self.base_problem.is_none() && !self.is_copied
    }
}

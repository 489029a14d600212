//! Where an extraction stopped, so that the next one reads only what has been added.

use serde::{Deserialize, Serialize};

use super::state::State;
use crate::lines::skipped::SkippedLines;

/// Raised whenever what a checkpoint keeps changes its meaning; an older one is then read anew. (Since 5, it keeps how
/// the last turn goes.)
const VERSION: u32 = 5;

/// How far a rollout has been read, and what it said up to there. Stored as JSON.
///
/// It ends behind the last line that a newline ended: a tail without one is read again next time. A checksum of the
/// bytes before the offset tells a file that has grown from one that was written anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    #[serde(rename = "v")]
    version: u32,
    pub(crate) offset: u64,
    pub(crate) lines: u64,
    #[serde(default, skip_serializing_if = "SkippedLines::is_empty")]
    pub(crate) skipped: SkippedLines,
    guard: u32,
    pub(crate) state: State,
}

impl Checkpoint {
    pub(crate) fn new(offset: u64, lines: u64, skipped: SkippedLines, before: &[u8], state: State) -> Self {
        Self { version: VERSION, offset, lines, skipped, guard: crc32fast::hash(before), state }
    }

    /// The byte behind the last complete line; of a compressed file, the decompressed byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// How many lines come before the offset.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Whether this build understands it.
    pub(crate) fn is_current(&self) -> bool {
        self.version == VERSION
    }

    /// Whether the bytes before the offset are those that were read.
    pub(crate) fn guards(&self, before: &[u8]) -> bool {
        crc32fast::hash(before) == self.guard
    }
}

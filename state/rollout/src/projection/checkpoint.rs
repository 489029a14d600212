//! Checkpoint of a projection, so that the next one reads only the open turn and what follows.

use serde::{Deserialize, Serialize};

use super::origin::Origin;
use super::usage::Usage;
use crate::lines::skipped::SkippedLines;

/// Version of the stored state. Increment it when the state's meaning changes: older checkpoints
/// are then ignored.
const VERSION: u32 = 2;

/// Offset in a rollout, and the state after the lines before it. Stored as JSON.
///
/// The offset is the start of the open turn, or after the last newline if no turn is open. A
/// checksum detects a file that was replaced or rewritten, like that of a
/// [`Checkpoint`](crate::Checkpoint).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectionCheckpoint {
    #[serde(rename = "v")]
    version: u32,
    pub(super) offset: u64,
    /// Number of lines before the offset.
    pub(super) lines: u64,
    /// Checksum of the file's identity and of the bytes before the offset.
    pub(super) guard: u32,
    /// Number of turns before the offset.
    pub(super) turns: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) whole_items: bool,
    #[serde(default, skip_serializing_if = "SkippedLines::is_empty")]
    pub(super) skipped: SkippedLines,
    pub(super) origin: Origin,
    pub(super) usage: Usage,
}

impl ProjectionCheckpoint {
    pub(super) fn new(offset: u64, lines: u64, guard: u32) -> Self {
        Self {
            version: VERSION,
            offset,
            lines,
            guard,
            turns: 0,
            whole_items: false,
            skipped: SkippedLines::default(),
            origin: Origin::default(),
            usage: Usage::default(),
        }
    }

    /// Returns the offset from which the next projection reads; 0 if that reads everything.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns true if this build understands the checkpoint.
    pub(super) fn is_current(&self) -> bool {
        self.version == VERSION
    }
}

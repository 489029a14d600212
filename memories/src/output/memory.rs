//! Memories of threads, as they are stored.

use std::time::Duration;

use jiff::Timestamp;

use crate::ThreadFacts;

/// Output of an extraction. Its texts are free of secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageOneOutput {
    /// Summary of the thread: a file of its own in the workspace.
    pub rollout_summary: String,
    /// Facts that help in other threads: an entry of `raw_memories.md`.
    pub raw_memory: String,
    /// Short name of the subject, of letters, digits and `_`.
    pub slug: Option<String>,
}

/// Memory of a thread: a stored output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// The thread; its `updated_at` is that of the text from which the memory was made.
    pub thread: ThreadFacts,
    /// The texts.
    pub output: StageOneOutput,
    /// Time of the extraction.
    pub generated_at: Timestamp,
    /// Number of times that it was cited.
    pub usage_count: u64,
    /// Last time that it was cited.
    pub last_used_at: Option<Timestamp>,
    /// True if the last consolidation had a memory of this thread.
    pub selected: bool,
}

/// Selection of memories for phase 2.
///
/// Most used first, then by last use or extraction, the latest first, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    /// Most memories.
    pub limit: u32,
    /// Only memories that were used or made since.
    pub unused_since: Timestamp,
}

impl Selection {
    /// Makes the selection of at most `limit` memories that were used or made within `window`.
    #[must_use]
    pub fn within(limit: u32, window: Duration, now: Timestamp) -> Self {
        let window = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
        let since = now.as_millisecond().saturating_sub(window);
        Self { limit, unused_since: Timestamp::from_millisecond(since).unwrap_or(Timestamp::MIN) }
    }
}

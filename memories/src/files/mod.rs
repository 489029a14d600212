//! The files of the workspace that follow from the stored memories.
//!
//! `raw_memories.md` has an entry for each memory, and `rollout_summaries/<thread id>.md` its
//! summary. Each ends with a line that has a checksum of the rest. So a later sync
//! recognises a file that a user edited, whatever happened in between.

mod atomic;
mod extensions;
mod render;
mod sync;

#[cfg(all(feature = "workspace", unix))]
pub(crate) use atomic::TEMPORARY;
pub use atomic::write_atomically;
pub use extensions::prune_extensions;
pub use render::{is_unedited, raw_memories, rollout_summary};
pub use sync::{SyncError, Synced, sync};

/// Name of the file with all raw memories.
pub const RAW_MEMORIES: &str = "raw_memories.md";
/// Name of the folder with a summary for each thread.
pub const ROLLOUT_SUMMARIES: &str = "rollout_summaries";
/// Name of the file with the consolidated memory.
pub const MEMORY_SUMMARY: &str = "memory_summary.md";
/// Name of the folder that takes over what a user wrote into a generated file.
pub const EDITED: &str = "edited";
/// Name of the folder of extensions.
pub const EXTENSIONS: &str = "extensions";
/// Name of the file that shows an agent the changes, while it works.
pub const WORKSPACE_DIFF: &str = "phase2_workspace_diff.md";

//! The files of the workspace that follow from memories, after a memory was forgotten.

use std::path::Path;

use jiff::Timestamp;
use threadkeep_memories::files::{RAW_MEMORIES, Synced, sync};
use threadkeep_memories::{BoxError, ConsolidationLock as _, StageOneOutputs as _};

use super::MemoryStore;
use super::lock::living_holder;

/// State of the workspace's files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryFiles {
    /// No consolidation has made a workspace, or it is gone.
    None,
    /// They follow from the stored memories.
    InLine(Synced),
    /// A consolidation runs and has words in hand: it must end first.
    Busy {
        /// Its owner.
        owner: String,
    },
}

impl MemoryStore {
    /// Removes forgotten memories from the workspace's files at once: summaries of threads, and
    /// entries of `raw_memories.md`. Consolidated text follows with the next consolidation.
    ///
    /// # Errors
    ///
    /// Errors of the database and of the file system.
    pub async fn bring_files_in_line(&self, now: Timestamp) -> Result<MemoryFiles, BoxError> {
        let state = self.state().await?;
        if let Some((owner, _)) = living_holder(&state, now) {
            return Ok(MemoryFiles::Busy { owner: owner.clone() });
        }
        let Some(root) = state.root.filter(|root| root.join(RAW_MEMORIES).exists()) else {
            return Ok(MemoryFiles::None);
        };
        let memories = self.selected().await?;
        let synced = tokio::task::spawn_blocking(move || sync(Path::new(&root), &memories)).await??;
        Ok(MemoryFiles::InLine(synced))
    }
}

//! An agent that needs no network: a deterministic consolidation of memories into one file.

use std::fs;
use std::io;
use std::path::Path;

use async_trait::async_trait;
use threadkeep_memories::files::{MEMORY_SUMMARY, write_atomically};
use threadkeep_memories::{AgentError, ConsolidationAgent, ConsolidationTask, Memory};

use super::block::Surroundings;
use super::summary::summary;

/// An agent that needs no network: it writes the lines of all memories to `memory_summary.md`.
///
/// Lines are grouped by folder and subject, the most used first. Each ends with the beginnings of
/// its threads' ids. The file is made of the task's memories alone, so words of a forgotten thread
/// cannot stay. Text of the user outside of the two marks stays as it is.
#[derive(Debug, Clone, Copy)]
pub struct DigestAgent {
    max_bytes: usize,
}

impl Default for DigestAgent {
    fn default() -> Self {
        Self { max_bytes: 10_000 }
    }
}

impl DigestAgent {
    /// Sets the longest summary, in bytes; 10,000 by default. The user's own text counts: the more
    /// of it there is, the fewer lines are generated. Text above the limit stays, alone.
    #[must_use]
    pub fn with_max_bytes(self, max_bytes: usize) -> Self {
        Self { max_bytes }
    }

    fn write(self, root: &Path, memories: &[Memory]) -> io::Result<()> {
        let path = root.join(MEMORY_SUMMARY);
        // A link is not followed: it may lead out of the root. Writing replaces it.
        let old = match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => fs::read(&path)?,
            Ok(_) => Vec::new(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let surroundings = Surroundings::of(&old);
        let marks = surroundings.around("").len() - surroundings.len() + 4;
        let new = match self.max_bytes.checked_sub(surroundings.len() + marks) {
            Some(budget) => surroundings.around(&summary(memories, budget)),
            // Not even an empty block has room. The user's text stays, however long it is.
            None => surroundings.alone(),
        };
        if new == old {
            return Ok(());
        }
        write_atomically(&path, &new)
    }
}

#[async_trait]
impl ConsolidationAgent for DigestAgent {
    async fn consolidate(&self, task: ConsolidationTask<'_>) -> Result<(), AgentError> {
        let is_kept = |memory: &&Memory| !task.forgotten.contains(&memory.thread.id);
        let memories: Vec<Memory> = task.memories.iter().filter(is_kept).cloned().collect();
        self.write(task.root, &memories)
            .map_err(|error| AgentError::Failed { reason: format!("cannot write {MEMORY_SUMMARY}: {error}") })
    }
}

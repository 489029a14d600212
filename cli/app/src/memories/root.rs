//! The folder of memories.

use std::path::{Path, PathBuf};

use threadkeep_memories::Baseline;

use super::phase_two::baseline;
use crate::dirs::Dirs;

/// The folder of memories, and why it is that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Path from the root.
    pub path: PathBuf,
    /// Folder of the home that the agent uses for memories of its own, and that is left alone.
    pub agents_own: Option<PathBuf>,
}

/// Returns the folder of memories.
///
/// It is the given one, otherwise the one of the last consolidation, otherwise `memories/` in the
/// agent's home. Where the agent keeps memories of its own, it is `memories/` in the SQLite home:
/// its databases are in the home, or the folder has a baseline that is not ours.
#[must_use]
pub fn root(dirs: &Dirs, given: Option<&Path>, last: Option<PathBuf>) -> Root {
    let given = given.map(|given| std::path::absolute(given).unwrap_or_else(|_| given.to_owned()));
    if let Some(path) = given.or(last) {
        return Root { path, agents_own: None };
    }
    let Dirs { home, sqlite_home, .. } = dirs.absolute();
    let usual = home.join("memories");
    let is_agents = match baseline(&usual) {
        Some(Baseline::Ours | Baseline::Broken) => false,
        Some(Baseline::Foreign) => true,
        _ => has_database_of_memories(&home),
    };
    if is_agents {
        return Root { path: sqlite_home.join("memories"), agents_own: Some(usual) };
    }
    Root { path: usual, agents_own: None }
}

/// Returns true if a home has a database of its agent's own memories, of any generation.
fn has_database_of_memories(home: &Path) -> bool {
    let mut entries = std::fs::read_dir(home).into_iter().flatten().flatten();
    entries.any(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| name.starts_with("memories_") && name.ends_with(".sqlite"))
    })
}

#[cfg(test)]
#[path = "../../tests/unit/memories_root.rs"]
mod tests;

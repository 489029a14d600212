//! The folder of memories.

use std::path::{Path, PathBuf};

use threadkeep_memories::Baseline;

use super::phase_two::baseline;
use crate::dirs::Dirs;

/// Databases by which an agent's own memories are known.
const AGENTS_DATABASES: [&str; 2] = ["memories_1.sqlite", "memories_v2_1.sqlite"];

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
        _ => AGENTS_DATABASES.iter().any(|name| home.join(name).exists()),
    };
    if is_agents {
        return Root { path: sqlite_home.join("memories"), agents_own: Some(usual) };
    }
    Root { path: usual, agents_own: None }
}

#[cfg(test)]
#[path = "../../tests/unit/memories_root.rs"]
mod tests;

//! Changes of a home, as they are noticed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use threadkeep_rollout::{AgentHome, MIRROR};

/// Change of a home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// These files are new or have changed, given by their paths in the home.
    Files(BTreeSet<String>),
    /// Files are gone, or anything may have changed.
    Anything,
}

/// Changes that were noticed and not reported yet.
#[derive(Debug, Default)]
pub(super) struct Noticed {
    files: BTreeSet<String>,
    anything: bool,
}

impl Noticed {
    pub(super) fn file(&mut self, path: String) {
        self.files.insert(path);
    }

    pub(super) fn anything(&mut self) {
        self.anything = true;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty() && !self.anything
    }

    /// Takes what was noticed.
    pub(super) fn take(&mut self) -> Changed {
        let Noticed { files, anything } = std::mem::take(self);
        if anything { Changed::Anything } else { Changed::Files(files) }
    }
}

/// Folders with rollouts.
pub(super) const FOLDERS: [&str; 2] = ["sessions", "archived_sessions"];

/// Returns the path of a folder with rollouts, also of the mirror itself.
pub(super) fn place_of(home: &AgentHome, folder: &str) -> PathBuf {
    match home.mirror() {
        Some(mirror) if folder == MIRROR => mirror.to_owned(),
        _ => home.absolute(folder),
    }
}

/// Returns true for the name of a file that may be a rollout. The mirror itself has only lists.
pub(super) fn is_rollout(folder: &str, name: &str) -> bool {
    let is_visible = folder != MIRROR && !name.starts_with('.');
    is_visible && [".jsonl", ".jsonl.zst", ".json"].iter().any(|end| name.ends_with(end))
}

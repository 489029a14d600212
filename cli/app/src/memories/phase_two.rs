//! The parts of phase 2, as the settings choose them: the folder with its baseline, and the engine.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use threadkeep_memories::consolidation::{Consolidation, ConsolidationOptions};
use threadkeep_memories::{Baseline, ConsolidationAgent, Workspace, WorkspaceDiff, WorkspaceError};
use threadkeep_state::lease_owner;
use threadkeep_state::memories::MemoryStore;

use super::parts::{DAY, HOUR, Redact, size};
use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::message::command;
use crate::messages::of_io;
use crate::settings::Memories;

/// Makes the engine of phase 2 for a folder. `force` ignores the wait after the last run.
#[must_use]
pub fn consolidation(
    dirs: &Dirs,
    settings: &Memories,
    store: &MemoryStore,
    agent: Arc<dyn ConsolidationAgent>,
    root: &Path,
    force: bool,
) -> Consolidation {
    let mut options = ConsolidationOptions::new(lease_owner());
    options.force = force;
    options.limit = u32::try_from(settings.max_memories).unwrap_or(u32::MAX);
    options.unused_window = Duration::from_secs(settings.unused_days * DAY);
    options.cooldown = Duration::from_secs(settings.cooldown_hours * HOUR);
    options.max_summary_bytes = size(settings.summary_bytes);
    options.legacy = Some(dirs.absolute().home.join("memories/user/memory"));
    let (outputs, lock) = (Arc::new(store.clone()), Arc::new(store.clone()));
    Consolidation::new(outputs, lock, agent, Arc::new(Redact), root, options)
}

/// Compares the folder of memories with its baseline; `None` if it has none. Changes nothing.
///
/// # Errors
///
/// Fails if the folder cannot be read, or its baseline is broken or not ours.
pub fn changes(root: &Path) -> Result<Option<WorkspaceDiff>, Fault> {
    match Workspace::look(root).diff() {
        Err(WorkspaceError::NoBaseline(_)) => Ok(None),
        diff => diff.map(Some).map_err(|error| of_workspace(&error)),
    }
}

/// Opens the folder of memories, and creates it and an empty baseline if they are missing.
///
/// # Errors
///
/// Fails if that is not possible, or its baseline is not ours.
pub fn open_root(root: &Path) -> Result<(), Fault> {
    let opened = Workspace::open(root).and_then(|workspace| workspace.init());
    opened.map_err(|error| of_workspace(&error))
}

/// Replaces a baseline of ours by an empty one, so that no words of removed memories stay in it.
pub(super) fn empty_baseline(root: &Path) -> Result<(), Fault> {
    if baseline(root) != Some(Baseline::Ours) {
        return Ok(());
    }
    let git = root.join(".git");
    fs::remove_dir_all(&git).map_err(|error| {
        let why = of_io(&error);
        Fault::without_hint(format!("cannot remove {}: {why}", git.display())).because(&error)
    })?;
    open_root(root)
}

/// Looks at the baseline of a folder, if it has one. Changes nothing: the folder may be the
/// agent's.
pub(super) fn baseline(folder: &Path) -> Option<Baseline> {
    folder.join(".git").symlink_metadata().ok()?;
    // A baseline that cannot be read is not ours to repair here.
    Some(Workspace::look(folder).baseline().unwrap_or(Baseline::Foreign))
}

fn of_workspace(error: &WorkspaceError) -> Fault {
    let fault = match error {
        WorkspaceError::BrokenBaseline { .. } => {
            Fault::new(error.to_string(), (command("memories run --force"), " makes it again"))
        }
        WorkspaceError::ForeignBaseline { .. } | WorkspaceError::NotAFolder(_) => {
            Fault::new(error.to_string(), "choose another folder with --memories-root DIR")
        }
        WorkspaceError::Io { source, .. } => Fault::new(
            format!("{error}: {}", of_io(source)),
            "choose another folder with --memories-root DIR",
        ),
        _ => Fault::without_hint(error.to_string()),
    };
    fault.because(error)
}

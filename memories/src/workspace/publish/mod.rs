//! Publishes what an agent left: from its copy to the root, and only where the root still has what
//! the agent was given.

mod apply;
mod clean;

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::FileType;

use self::apply::Apply;
use super::area::Area;
use super::diff::change::{Change, Delta, compare};
use super::error::{At, WorkspaceError};
use super::folder::{Folder, Found};
use super::journal::{self, Step};
use super::snapshot::{Entry, Kind, Refused, Snapshot, as_path};
use super::sync::sync;

/// A publication.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Changes that the agent made, in the order of paths. Published except for the next list.
    pub changes: Vec<Change>,
    /// Files that the user changed while the agent ran, and that stay as the user left them.
    pub kept_for_next_run: Vec<PathBuf>,
    /// Names in the agent's copy that were left out.
    pub refused: Vec<Refused>,
}

pub(super) fn publish(
    root: &Path,
    staged: &Path,
    given: &Snapshot,
    redact: &dyn Fn(&str) -> String,
) -> Result<Published, WorkspaceError> {
    let written = clean::redact_changes(staged, given, redact)?;
    let deltas = compare(&given.entries, &written);
    let changes = deltas.iter().map(Delta::change).collect();
    let refused = written.refused().to_vec();
    if deltas.is_empty() {
        return Ok(Published { changes, kept_for_next_run: Vec::new(), refused });
    }
    let steps: Vec<Step> = deltas.iter().map(step).collect();
    let area = Area::open(root)?;
    let files = area.join("files");
    DirBuilder::new().mode(0o700).create(&files).at("create", &files)?;
    let folder = |path| Folder::open(path).at("open", path);
    let (root_folder, staged_folder, files_folder) = (folder(root)?, folder(staged)?, folder(&files)?);
    let journal = files.join("journal");
    let mut unsynced = vec![files.clone(), journal.clone()];
    for (number, step) in steps.iter().enumerate() {
        let copied = copy(&staged_folder, step, &files_folder, number).map_err(|error| {
            let path = staged.join(as_path(&step.path));
            match error.kind() {
                io::ErrorKind::NotFound => WorkspaceError::StillWritten(path),
                _ => WorkspaceError::Io { action: "copy", path, source: error },
            }
        })?;
        if matches!(copied, Some(Found::File { .. })) {
            unsynced.push(files.join(number.to_string()));
        }
    }
    fs::write(&journal, journal::encode(&steps)).at("write", &journal)?;
    sync(&unsynced)?;
    // A journal under its own name is whole.
    fs::rename(&journal, area.join("journal")).at("rename", &journal)?;
    sync(&[area.join("")])?;
    let mut apply = Apply {
        root: &root_folder,
        files: &files_folder,
        written: &written,
        kept: BTreeSet::new(),
        touched: BTreeSet::new(),
    };
    apply.all(&steps).at("publish files to", root)?;
    apply.sync(root)?;
    let kept_for_next_run = apply.kept.iter().map(|path| as_path(path).to_owned()).collect();
    area.end_publication()?;
    Ok(Published { changes, kept_for_next_run, refused })
}

fn step(delta: &Delta<'_>) -> Step {
    let path = delta.new.or(delta.old).map_or(&[][..], |(path, _)| path);
    let entry = |side: Option<(&[u8], Entry)>| side.map(|(_, entry)| entry);
    Step { path: path.to_owned(), given: entry(delta.old), new: entry(delta.new) }
}

/// Copies the new file of a step under its number. Returns its type, or `None` if there is nothing
/// to copy. Fails with [`io::ErrorKind::NotFound`] if it is no longer the file that was looked at.
fn copy(staged: &Folder, step: &Step, files: &Folder, number: usize) -> io::Result<Option<Found>> {
    let Some(new) = step.new.filter(|new| new.kind != Kind::Folder) else { return Ok(None) };
    let (parent, name) = staged.parent(&step.path)?;
    let mut content = Vec::new();
    let found = parent.read(name, FileType::Unknown, &mut content)?;
    let is_same = |kind| Entry::of(kind, &content).map(|entry| entry == new);
    let number = journal::file_of(number);
    match found {
        Found::File { executable } if is_same(Kind::of_file(executable))? => {
            files.create_file(&number, &content, executable)?;
        }
        Found::Link if is_same(Kind::Link)? => files.create_link(&number, &content)?,
        _ => return Err(io::ErrorKind::NotFound.into()),
    }
    Ok(Some(found))
}

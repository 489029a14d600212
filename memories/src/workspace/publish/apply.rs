//! Brings the steps of a publication into the root.
//!
//! Each step takes effect in one rename, and looks afterwards at what it has displaced. An edit of
//! the user made at any time before the rename comes out with it, and is given back.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use crate::workspace::error::WorkspaceError;
use crate::workspace::folder::{Folder, is_in_the_way};
use crate::workspace::journal::{Step, file_of, give_back, put_back};
use crate::workspace::snapshot::{Entry, Kind, Snapshot, as_path};
use crate::workspace::sync::sync;

pub(super) struct Apply<'a> {
    pub(super) root: &'a Folder,
    /// New files, under the numbers of their steps.
    pub(super) files: &'a Folder,
    /// State of the agent's copy.
    pub(super) written: &'a Snapshot,
    /// Paths that the user changed meanwhile.
    pub(super) kept: BTreeSet<Vec<u8>>,
    /// Paths whose folders need syncing.
    pub(super) touched: BTreeSet<Vec<u8>>,
}

/// Result of a step.
enum Outcome {
    Done,
    /// The user changed the path meanwhile, and it is as the user left it.
    Kept,
}

impl Apply<'_> {
    /// Removes first, so that a file can take a folder's place, then writes.
    pub(super) fn all(&mut self, steps: &[Step]) -> io::Result<()> {
        let removals = steps.iter().enumerate().rev().filter(|(_, step)| step.new.is_none());
        let writes = steps.iter().enumerate().filter(|(_, step)| step.new.is_some());
        for (number, step) in removals.chain(writes) {
            let outcome = match self.step(&file_of(number), step) {
                Err(error) if is_in_the_way(&error) => Outcome::Kept,
                outcome => outcome?,
            };
            match outcome {
                Outcome::Done => self.touched.insert(step.path.clone()),
                Outcome::Kept => self.kept.insert(step.path.clone()),
            };
        }
        Ok(())
    }

    fn step(&self, file: &[u8], step: &Step) -> io::Result<Outcome> {
        match (step.given, step.new) {
            (_, Some(new)) if new.kind == Kind::Folder => {
                let (parent, name) = self.root.create_parent(&step.path)?;
                parent.create_child(without_slash(name))?;
                parent.child(without_slash(name))?;
                Ok(Outcome::Done)
            }
            (given, Some(new)) => {
                let (parent, name) = self.root.create_parent(&step.path)?;
                match given {
                    None => self.add(file, &parent, name, new),
                    Some(given) => self.replace(file, &parent, name, given, new),
                }
            }
            (Some(given), None) => match self.root.parent(&step.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Outcome::Done),
                Err(error) => Err(error),
                Ok((parent, name)) => self.remove(file, &parent, name, given, &step.path),
            },
            (None, None) => Ok(Outcome::Done),
        }
    }

    fn add(&self, file: &[u8], parent: &Folder, name: &[u8], new: Entry) -> io::Result<Outcome> {
        match self.files.rename_new(file, parent, name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let is_same = Entry::at(parent, name)? == Some(new);
                Ok(if is_same { Outcome::Done } else { Outcome::Kept })
            }
            result => result.map(|()| Outcome::Done),
        }
    }

    fn replace(
        &self,
        file: &[u8],
        parent: &Folder,
        name: &[u8],
        given: Entry,
        new: Entry,
    ) -> io::Result<Outcome> {
        match self.files.exchange(file, parent, name) {
            // The user removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Outcome::Kept),
            Ok(false) if Entry::at(parent, name)? == Some(given) => {
                return self.files.rename(file, parent, name).map(|()| Outcome::Done);
            }
            Ok(false) => return Ok(Outcome::Kept),
            result => result?,
        };
        if Entry::at(self.files, file)? == Some(given) {
            return Ok(Outcome::Done);
        }
        give_back(self.files, file, parent, name, new)?;
        Ok(Outcome::Kept)
    }

    fn remove(
        &self,
        file: &[u8],
        parent: &Folder,
        name: &[u8],
        given: Entry,
        path: &[u8],
    ) -> io::Result<Outcome> {
        if given.kind == Kind::Folder {
            // A folder that the user has filled meanwhile stays.
            let _ = parent.remove_child(without_slash(name));
        } else {
            match parent.rename_new(name, self.files, file) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
                Ok(()) if Entry::at(self.files, file)? != Some(given) => {
                    put_back(self.files, file, parent, name)?;
                    return Ok(Outcome::Kept);
                }
                Ok(()) => {}
            }
        }
        self.remove_emptied(path)?;
        Ok(Outcome::Done)
    }

    /// Removes the folders that a removal left empty and that the agent's copy no longer has.
    fn remove_emptied(&self, path: &[u8]) -> io::Result<()> {
        let mut path = without_slash(path);
        while let Some(end) = path.iter().rposition(|byte| *byte == b'/') {
            if self.written.has_folder(&path[..=end]) {
                break;
            }
            path = &path[..end];
            let (parent, name) = self.root.parent(path)?;
            if parent.remove_child(name).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Makes the names durable in every folder that changed, as far as it is still there.
    pub(super) fn sync(&self, root: &Path) -> Result<(), WorkspaceError> {
        let mut folders = BTreeSet::from([&[][..]]);
        for path in &self.touched {
            let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
            folders.extend(ends.map(|(end, _)| &path[..end]));
        }
        let folders = folders.into_iter().map(|folder| root.join(as_path(folder)));
        sync(&folders.filter(|folder| folder.is_dir()).collect::<Vec<_>>())
    }
}

fn without_slash(name: &[u8]) -> &[u8] {
    name.strip_suffix(b"/").unwrap_or(name)
}

//! Rollouts of a pass: written next to their places, on the disk together, and then put there.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::error::MirrorError;
use super::remove;
use crate::disk;

/// Files that wait for the end of a pass.
///
/// After a kill, each replaced file is the old one or the new one. An appended file may lack its
/// end, which the next pass adds.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Files to write, each with the path that it gets.
    replaced: Vec<(PathBuf, PathBuf)>,
    /// Files that have grown.
    appended: Vec<PathBuf>,
    /// Files to remove.
    removed: Vec<PathBuf>,
}

impl Batch {
    /// Writes a file that replaces the one at a path.
    pub(super) fn replace(&mut self, path: &Path, bytes: &[u8]) -> Result<(), MirrorError> {
        let new = path.with_extension("new");
        self.replaced.push((new.clone(), path.to_owned()));
        File::create(&new).and_then(|mut file| file.write_all(bytes)).map_err(MirrorError::io(path))
    }

    /// Appends to a file. A part of it is no loss: the next pass finds that the rest is missing.
    pub(super) fn append(&mut self, path: &Path, rest: &[u8]) -> Result<(), MirrorError> {
        let file = OpenOptions::new().append(true).open(path);
        file.and_then(|mut file| file.write_all(rest)).map_err(MirrorError::io(path))?;
        self.appended.push(path.to_owned());
        Ok(())
    }

    /// Removes a file that no session has any longer.
    pub(super) fn remove(&mut self, path: Option<PathBuf>) {
        self.removed.extend(path);
    }

    /// Takes the files of another batch.
    pub(super) fn add(&mut self, mut other: Self) {
        self.replaced.append(&mut other.replaced);
        self.appended.append(&mut other.appended);
        self.removed.append(&mut other.removed);
    }

    /// Puts everything in its place.
    pub(super) fn finish(mut self, folder: &Path) -> Result<(), MirrorError> {
        let new = self.replaced.iter().map(|(new, _)| new);
        let written: Vec<_> = new.chain(&self.appended).map(PathBuf::as_path).collect();
        disk::synchronize(folder, &written).map_err(MirrorError::io(folder))?;
        for (new, path) in &self.replaced {
            fs::rename(new, path).map_err(MirrorError::io(path))?;
        }
        self.replaced.clear();
        for path in &self.removed {
            remove(path)?;
        }
        Ok(())
    }
}

impl Drop for Batch {
    /// Removes what a pass that failed has written: nothing knows these files.
    fn drop(&mut self) {
        for (new, _) in &self.replaced {
            _ = fs::remove_file(new);
        }
    }
}

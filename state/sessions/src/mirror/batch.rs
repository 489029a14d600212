//! Rollouts that are synchronized to the disk together. A new version of one is written next to it
//! first.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::iter::zip;
use std::path::{Path, PathBuf};

use threadkeep_rollout::Checkpoint;

use super::checkpoint::remove_both;
use super::error::MirrorError;
use crate::disk;

/// Files that wait for the disk.
///
/// After a kill, each file is the old one or the new one. The end of a file that is new or has
/// grown may lack bytes, which the next pass adds.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Files to write, each with the path that it gets.
    replaced: Vec<(PathBuf, PathBuf)>,
    /// New files.
    created: Vec<PathBuf>,
    /// Files whose ends were written in their places.
    continued: Vec<PathBuf>,
    /// Files to remove.
    removed: Vec<PathBuf>,
    /// Bytes that were written.
    bytes: usize,
}

impl Batch {
    /// Writes a new file in its place. A part of it is no loss: no list has it yet.
    pub(super) fn create(&mut self, path: &Path, bytes: &[u8]) -> Result<(), MirrorError> {
        self.created.push(path.to_owned());
        self.bytes += bytes.len();
        write(path, bytes)
    }

    /// Writes a file that replaces the one at a path.
    pub(super) fn replace(&mut self, path: &Path, bytes: &[u8]) -> Result<(), MirrorError> {
        self.write_new(path, 0, bytes)
    }

    /// Writes what is behind a byte of a file, in place of its old end.
    ///
    /// A checkpoint of the rollout sees no change of a file in its place that is further back than
    /// the bytes that it guards. If there is one, another file replaces this one.
    pub(super) fn write_from(
        &mut self,
        path: &Path,
        from: u64,
        old: &[u8],
        new: &[u8],
    ) -> Result<(), MirrorError> {
        let free = old.len().saturating_sub(Checkpoint::GUARDED);
        if new.len() < old.len() || new[..free] != old[..free] {
            return self.write_new(path, from, new);
        }
        let same = free + zip(&old[free..], &new[free..]).take_while(|(old, new)| old == new).count();
        let rest = &new[same..];
        if !rest.is_empty() {
            write_over(path, from + same as u64, rest).map_err(MirrorError::io(path))?;
            self.continued.push(path.to_owned());
            self.bytes += rest.len();
        }
        Ok(())
    }

    /// Writes a new version of a file, with the first bytes of the old one.
    fn write_new(&mut self, path: &Path, from: u64, rest: &[u8]) -> Result<(), MirrorError> {
        let new = path.with_extension("new");
        self.replaced.push((new.clone(), path.to_owned()));
        self.bytes += from as usize + rest.len();
        let copy = |mut new: File| {
            if from > 0 {
                io::copy(&mut File::open(path)?.take(from), &mut new)?;
            }
            new.write_all(rest)
        };
        File::create(new).and_then(copy).map_err(MirrorError::io(path))
    }

    /// Returns the number of bytes that were written.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Removes a file that no session has any longer.
    pub(super) fn remove(&mut self, path: Option<PathBuf>) {
        self.removed.extend(path);
    }

    /// Takes the files of another batch.
    pub(super) fn add(&mut self, mut other: Self) {
        self.replaced.append(&mut other.replaced);
        self.created.append(&mut other.created);
        self.continued.append(&mut other.continued);
        self.removed.append(&mut other.removed);
        self.bytes += other.bytes;
    }

    /// Puts everything in its place. Returns the files to remove once no list has them.
    pub(super) fn finish(mut self, folder: &Path) -> Result<Vec<PathBuf>, MirrorError> {
        let new = self.replaced.iter().map(|(new, _)| new);
        let written = new.chain(&self.created).chain(&self.continued).map(PathBuf::as_path);
        let written: Vec<_> = written.collect();
        disk::synchronize(folder, &written).map_err(MirrorError::io(folder))?;
        for (new, path) in &self.replaced {
            fs::rename(new, path).map_err(MirrorError::io(path))?;
        }
        self.replaced.clear();
        self.created.clear();
        Ok(std::mem::take(&mut self.removed))
    }
}

/// Writes over a file's end, which is not longer: readers never see a shorter file.
fn write_over(path: &Path, from: u64, rest: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).open(path)?;
    file.seek(SeekFrom::Start(from))?;
    file.write_all(rest)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), MirrorError> {
    File::create(path).and_then(|mut file| file.write_all(bytes)).map_err(MirrorError::io(path))
}

impl Drop for Batch {
    /// Removes what a pass that failed has written: nothing knows these files.
    fn drop(&mut self) {
        for new in self.replaced.iter().map(|(new, _)| new).chain(&self.created) {
            _ = remove_both(new);
        }
    }
}

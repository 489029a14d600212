//! Checkpoints of large sessions, next to their rollouts: a session that has grown is read, and its
//! rollout written, on from its last turn.

use std::fs::{self, File, Metadata};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use threadkeep_rollout::{MIRROR_ARCHIVE, untouched};

use super::error::MirrorError;
use super::mirrored::VERSION;
use super::remove;
use crate::checksum::Checksum;
use crate::disk;
use crate::files;
use crate::ids::ThreadIds;
use crate::incremental::{Checkpoint, Reading};
use crate::rollout::{Before, head, to_rollout_after};
use crate::session::Session;

/// The most bytes that are read of one.
const MOST_BYTES: u64 = 64 << 20;

/// Extension of the names.
const EXTENSION: &str = "checkpoint";

/// Checkpoint of a session and of its rollout.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    /// Version of the format of rollouts.
    version: u32,
    session: Checkpoint,
    /// Number of bytes before the rollout's first turn.
    head: usize,
    rollout: Before,
    /// CRC-32 of the rollout's bytes before the checkpoint.
    checksum: u32,
}

/// Part of a rollout before a checkpoint.
#[derive(Debug)]
pub(super) struct Prefix {
    /// Number of bytes before the first turn.
    head: usize,
    before: Before,
    checksum: Checksum,
}

/// Lines of a rollout from a checkpoint on.
#[derive(Debug)]
pub(super) struct Grown {
    /// Byte where they begin.
    pub(super) from: u64,
    pub(super) lines: Vec<u8>,
    /// Part of the rollout before the next checkpoint.
    pub(super) next: Option<Prefix>,
}

impl Saved {
    /// Returns the checkpoint of a session that was read; `None` if what is before it may change
    /// with what the agent writes later.
    pub(super) fn new(session: &Session, next: Option<Checkpoint>, prefix: Option<Prefix>) -> Option<Self> {
        let (mut next, Prefix { head, mut before, checksum }) = (next?, prefix?);
        if !before.fits(session, next.counts().requests) {
            return None;
        }
        next.omit_requests(&std::mem::take(&mut before.requests));
        let (version, checksum) = (VERSION, checksum.value());
        Some(Self { version, session: next, head, rollout: before, checksum })
    }

    /// Reads the checkpoint of a rollout; `None` if there is none, or if the rollout has other
    /// bytes.
    pub(super) fn read(rollout: &Path) -> Option<(Checkpoint, Prefix)> {
        let path = path(rollout);
        fs::symlink_metadata(&path).ok().filter(Metadata::is_file)?;
        let bytes = untouched::read(&path, MOST_BYTES).ok()?;
        let (own, json) = bytes.split_first_chunk()?;
        let saved: Self = if u32::from_le_bytes(*own) == Checksum::of(json).value() {
            serde_json::from_slice(json).ok()?
        } else {
            return None;
        };
        let (head, before, mut checksum) = (saved.head, saved.rollout, Checksum::default());
        checksum.add_file(rollout, before.bytes as u64).ok()?;
        let is_same = (saved.version, saved.checksum) == (VERSION, checksum.value());
        is_same.then_some((saved.session, Prefix { head, before, checksum }))
    }
}

impl Prefix {
    /// Returns the part of a whole rollout.
    pub(super) fn of(
        session: &Session,
        ids: &ThreadIds<'_>,
        rollout: &[u8],
        before: Option<Before>,
    ) -> Option<Self> {
        let before = before?;
        let checksum = Checksum::of(rollout.get(..before.bytes)?);
        Some(Self { head: head(session, ids).len(), before, checksum })
    }

    /// Returns the lines that come after it for a session that was read on; `None` if it is not
    /// right for the session any longer.
    pub(super) fn grow(mut self, rollout: &Path, reading: &Reading, ids: &ThreadIds<'_>) -> Option<Grown> {
        let Reading { session, start, next } = reading;
        let (from, before, head) = (self.before.bytes, &self.before, head(session, ids));
        let has_head = head.len() == self.head && starts_with(rollout, &head);
        if start.turns == 0 || !has_head || !before.fits(session, start.requests) {
            return None;
        }
        let turn = next.as_ref().map(|next| next.counts().turns);
        let (lines, next) = to_rollout_after(before, session, ids, start.turns, turn);
        let next = next.and_then(|next| {
            self.checksum.add(lines.get(..next.bytes - from)?);
            Some(Self { before: next, ..self })
        });
        Some(Grown { from: from as u64, lines, next })
    }
}

/// Writes the checkpoint of a rollout, in place of an older one. It need not survive a power cut: a
/// part of it does not count. Without it, the session is read whole, so a failure is no error.
pub(super) fn write(rollout: &Path, saved: Option<&Saved>) {
    let path = path(rollout);
    _ = remove(&path);
    let Some(json) = saved.and_then(|saved| serde_json::to_vec(saved).ok()) else { return };
    let checksum = Checksum::of(&json).value().to_le_bytes();
    let file = disk::create_file(&path);
    _ = file.and_then(|mut file| file.write_all(&checksum).and_then(|()| file.write_all(&json)));
}

/// Removes a rollout with its checkpoint, if they are there.
pub(super) fn remove_both(rollout: &Path) -> Result<(), MirrorError> {
    remove(&path(rollout))?;
    remove(rollout)
}

/// Removes the checkpoints whose rollouts are no longer there.
pub(super) fn remove_orphans(folder: &Path) -> Result<(), MirrorError> {
    let folders = [folder.to_owned(), folder.join(MIRROR_ARCHIVE)];
    let all = folders.iter().flat_map(|folder| files::files_with(folder, EXTENSION));
    let mut orphans = all.filter(|checkpoint| !checkpoint.with_extension("jsonl").exists());
    orphans.try_for_each(|checkpoint| remove(&checkpoint))
}

fn path(rollout: &Path) -> PathBuf {
    rollout.with_extension(EXTENSION)
}

fn starts_with(path: &Path, beginning: &[u8]) -> bool {
    let mut bytes = vec![0; beginning.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut bytes));
    read.is_ok() && bytes == beginning
}
